import { STATUS_CODES } from 'node:http';
import type { OpenAPIV3_1 } from 'openapi-types';
import { PROBLEMS, type ProblemCode } from '../errors.ts';
import type { RouteConfig } from '../routing/route.ts';
import { type HeaderName, headerRefs } from './headers.ts';

/** What every route can tell, and why some can tell more. */
function codesOf({ scopes, validate, ifMatch, problems }: RouteConfig, method: string): Set<ProblemCode> {
  const token = scopes !== 'none';
  const change = method !== 'get';
  const codes: (ProblemCode | false)[] = [
    'invalid_request',
    'rate_limited',
    'internal_error',
    'service_unavailable',
    token && 'invalid_interface',
    token && 'unauthorized',
    token && 'invalid_token',
    token && 'insufficient_scope',
    token && 'interface_not_allowed',
    !!validate.params && 'not_found',
    'unknown_field',
    (!!validate.body || hasFields(validate.query)) && 'validation_failed',
    !!validate.body && 'payload_too_large',
    !!validate.body && 'unsupported_media_type',
    token && change && 'idempotency_key_reused',
    token && change && 'idempotency_in_progress',
    ifMatch && 'precondition_failed',
    ...problems,
  ];
  return new Set(codes.filter((code) => code !== false));
}

const hasFields = (schema: unknown): boolean =>
  Object.keys((schema as { shape?: object }).shape ?? {}).length > 0;

/** The refusals of an operation as OpenAPI has them: one response a status, naming its codes. */
export function problemResponses(
  config: RouteConfig,
  method: string,
): Record<string, OpenAPIV3_1.ResponseObject> {
  const codes = [...codesOf(config, method)];
  const statuses = [...new Set(codes.map((code) => PROBLEMS[code].status))].sort((a, b) => a - b);
  const of = (status: number) => codes.filter((code) => PROBLEMS[code].status === status);
  return Object.fromEntries(statuses.map((status) => [status, response(status, of(status))]));
}

const MORE_HEADERS: Record<number, HeaderName[]> = {
  401: ['WWW-Authenticate'],
  403: ['WWW-Authenticate'],
  429: ['Retry-After', 'RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset'],
  503: ['Retry-After'],
};

function response(status: number, codes: ProblemCode[]): OpenAPIV3_1.ResponseObject {
  return {
    description: `${STATUS_CODES[status]}: ${codes.map((code) => `\`${code}\``).join(', ')}.`,
    headers: headerRefs(['X-Request-Id', 'X-Interface', ...(MORE_HEADERS[status] ?? [])]),
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  };
}
