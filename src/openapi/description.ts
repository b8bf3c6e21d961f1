import type { OpenAPIV3_1 } from 'openapi-types';
import { SCOPES, type Scope } from '../context.ts';

/** The sections of the documentation, in the order of a sale. */
export const TAGS = {
  OAuth: 'Access tokens: getting, renewing, revoking and inspecting them.',
  Resources: 'Short catalogues that forms and menus are filled from, several in one call if you like.',
  Events: 'What is on: search, details, ticket types, products, codes.',
  Maps: 'Venue maps: geometry, live availability, drawings.',
  Queues: 'The gate of an event in demand: a place, a turn, a pass that opens a cart.',
  Carts: 'Holding places and products for a buyer, for a limited time and at a locked price.',
  Payments: 'Paying for a cart, and refunds.',
  Tickets: 'What a paid cart turns into: QR codes, PDF, holders, transfers.',
  Validations: 'Admission: scans at the gates, also offline.',
  Courtesies: 'Free tickets for guests.',
  Users: 'Buyers with an account: registration, addresses, companions, passwords.',
  Plans: 'Memberships and season tickets on offer.',
  'Waiting list': 'Parties that wait for tickets of an event, and what is offered to them.',
  Subscriptions: 'Memberships and season tickets that were bought.',
  Management: 'Interfaces, clients, venues, categories and the audit log.',
  Webhooks: 'Being told of changes: webhooks and the change feed.',
  Exports: 'Sales, attendees, the ledger and codes as files.',
  Jobs: 'Work that outlives its request.',
  Operations: 'For those who run the server.',
  Problems: 'Pages that explain what went wrong.',
  Documentation: 'This documentation.',
} satisfies Record<string, string>;

const SCOPE_TEXTS: Record<Scope, string> = {
  public: 'Read access without sensitive data. In every token.',
  buy: 'Own carts, payments, history and registration: for third-party applications.',
  sell: 'Full selling, sensitive data, every cart of the interface. Client credentials only.',
  admin: 'Courtesies, validations, data management. Client credentials only.',
};

const DESCRIPTION = `Sell and admit to events: seat maps, carts, payments, tickets, validation.

**Bodies** are JSON; a success wraps its payload in the resource root: the singular for one object, the plural for a
collection. **Money** is an integer of minor units with its currency. **Time** is ISO 8601 in UTC with milliseconds.

**Pagination**: \`?page\` from 1, \`?per_page\` 10 by default and 100 at most; \`X-Page\`, \`X-Per-Page\`, \`X-Total\` and
\`Link\` in the answer. **Rate limit**: 5,000 requests in any hour per token; \`RateLimit-Reset\` is the Unix time at which
the oldest request counted expires. **Interfaces**: \`X-Interface\` picks the sales channel, and says in every answer
which one was used. **Errors** are \`application/problem+json\` (RFC 9457) with a stable \`code\`. **Idempotency-Key** makes
any change safe to repeat for 24 hours; **If-None-Match** and **If-Match** work with every \`ETag\`.
**Accept-Language** takes en, es and pt; without it the language is that of the interface.`;

/** What the document says before any route: who, how to get in, what the sections are. */
export function basicDocument(): Partial<OpenAPIV3_1.Document> {
  const scopesOf = (...scopes: readonly Scope[]) =>
    Object.fromEntries(scopes.map((scope) => [scope, SCOPE_TEXTS[scope]]));
  return {
    openapi: '3.1.0',
    info: {
      title: 'Ticketing API',
      version: '1.0.0',
      description: DESCRIPTION,
      license: { name: 'Apache 2.0', identifier: 'Apache-2.0' },
    },
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    components: {
      securitySchemes: {
        client: { type: 'http', scheme: 'basic', description: 'Id and secret of the client.' },
        oauth2: {
          type: 'oauth2',
          description: 'A Bearer token. Scopes add up; none implies another; `public` is in every token.',
          flows: {
            clientCredentials: { tokenUrl: '/auth/token', scopes: scopesOf(...SCOPES) },
            password: {
              tokenUrl: '/auth/token',
              refreshUrl: '/auth/token',
              scopes: scopesOf('public', 'buy'),
            },
          },
        },
      },
    },
  };
}
