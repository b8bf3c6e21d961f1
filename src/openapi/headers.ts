import type { OpenAPIV3_1 } from 'openapi-types';

type Header = OpenAPIV3_1.HeaderObject;

const text = (description: string, example?: string): Header => ({
  description,
  schema: { type: 'string' },
  ...(example !== undefined && { example }),
});
const whole = (description: string, example: number): Header => ({
  description,
  schema: { type: 'integer' },
  example,
});

/** Every header that answers carry, under the name that operations refer to. */
export const HEADERS = {
  'X-Request-Id': text('By this the request is found in logs: the one you sent, or a new one.'),
  'X-Interface': whole('Id of the interface that the request was processed through.', 1),
  'RateLimit-Limit': whole('Requests that the token may make in an hour.', 5_000),
  'RateLimit-Remaining': whole('Requests that it may still make now.', 4_999),
  'RateLimit-Reset': whole('Unix time at which the oldest request counted expires.', 1_795_456_800),
  'Retry-After': whole('Seconds after which to try again.', 1),
  'X-Page': whole('Number of the page.', 1),
  'X-Per-Page': whole('Objects a page.', 10),
  'X-Total': whole('Objects in all.', 42),
  Link: text('Addresses of the first, previous, next and last page (RFC 8288).'),
  ETag: text('Names this state of the object, for If-None-Match and If-Match.', '"m1k2x9q0-3f7aB0cQd"'),
  Location: text('Address of what was created.'),
  'Idempotent-Replayed': text(
    '`true`: the answer of an earlier request with the same Idempotency-Key.',
    'true',
  ),
  'X-Dry-Run': text('`true`: this tells what would happen; nothing was done.', 'true'),
  'WWW-Authenticate': text('What the token lacks (RFC 6750).', 'Bearer realm="ticketing"'),
  Allow: text('Methods that the address answers.', 'GET, PATCH'),
} satisfies Record<string, Header>;

export type HeaderName = keyof typeof HEADERS;

/** References to headers, for the answer of an operation. */
export const headerRefs = (names: readonly HeaderName[]): Record<string, OpenAPIV3_1.ReferenceObject> =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
