import { STATUS_CODES } from 'node:http';
import type { OpenAPIV3_1 } from 'openapi-types';
import { PROBLEMS, type ProblemCode } from '../errors.ts';
import type { RouteConfig } from '../routing/route.ts';
import { type HeaderName, headerRefs } from './headers.ts';

type Response = OpenAPIV3_1.ResponseObject;
type Reference = OpenAPIV3_1.ReferenceObject;

/** What an operation can tell besides its answers: what every route can, and what its own declaration adds. */
function codesOf({ scopes, validate, ifMatch, problems }: RouteConfig, method: string): ProblemCode[] {
  const token = scopes !== 'none';
  const change = method !== 'get';
  const body = !!validate.body;
  const codes: (ProblemCode | false)[] = [
    'invalid_request',
    'rate_limited',
    'internal_error',
    'service_unavailable',
    'unknown_field',
    token && 'invalid_interface',
    token && 'unauthorized',
    token && 'invalid_token',
    token && 'insufficient_scope',
    token && 'interface_not_allowed',
    !!validate.params && 'not_found',
    (body || hasFields(validate.query) || (token && change)) && 'validation_failed',
    body && 'payload_too_large',
    body && 'unsupported_media_type',
    token && change && 'idempotency_key_reused',
    token && change && 'idempotency_in_progress',
    ifMatch && 'precondition_failed',
    ...problems,
  ];
  return [...new Set(codes.filter((code) => code !== false))];
}

const hasFields = (schema: unknown): boolean =>
  Object.keys((schema as { shape?: object }).shape ?? {}).length > 0;

/** Combinations of codes up to this many are shared by so many operations that they get a name. */
const SHARED_CODES = 3;

/**
 * The refusals of an operation: one response a status, naming its codes.
 * @param shared takes those that operations have in common, by their names
 */
export function problemResponses(
  config: RouteConfig,
  method: string,
  shared: Map<string, Response>,
): Record<string, Response | Reference> {
  const codes = codesOf(config, method);
  const statuses = [...new Set(codes.map((code) => PROBLEMS[code].status))].sort((a, b) => a - b);
  return Object.fromEntries(
    statuses.map((status) => {
      const here = codes.filter((code) => PROBLEMS[code].status === status);
      const response = responseOf(status, here);
      if (here.length > SHARED_CODES) return [status, response];
      const name = here.join('.');
      shared.set(name, response);
      return [status, { $ref: `#/components/responses/${name}` }];
    }),
  );
}

const MORE_HEADERS: Record<number, HeaderName[]> = {
  401: ['WWW-Authenticate'],
  403: ['WWW-Authenticate'],
  429: ['Retry-After', 'RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset'],
  503: ['Retry-After'],
};

function responseOf(status: number, codes: ProblemCode[]): Response {
  return {
    description: `${STATUS_CODES[status]}: ${codes.map((code) => `\`${code}\``).join(', ')}.`,
    headers: headerRefs(['X-Request-Id', 'X-Interface', ...(MORE_HEADERS[status] ?? [])]),
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  };
}
