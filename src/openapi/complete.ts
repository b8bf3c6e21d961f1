import { STATUS_CODES } from 'node:http';
import type { OpenAPIV3_1 } from 'openapi-types';
import type { RouteConfig } from '../routing/route.ts';
import { HEADERS, type HeaderName, headerRefs } from './headers.ts';
import { completeOAuthOperation, OAUTH_ERROR } from './oauth.ts';
import { PARAMETERS, type Parameter, parameterRef, plainParameter } from './parameters.ts';
import { problemResponses } from './problems.ts';
import { withoutUnused } from './used.ts';

type Document = OpenAPIV3_1.Document;
type Operation = OpenAPIV3_1.OperationObject;
type Response = OpenAPIV3_1.ResponseObject;

/** A body of text/csv. */
const TABLE = {
  type: 'string',
  description: 'A table in UTF-8 with a heading. What JSON says beside it stands in the query.',
} as const;

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

/**
 * Adds to each operation what follows from its declaration rather than from its schemas: scopes, the interface, headers,
 * media types, problems.
 * @param configs declarations by operation
 */
export function completeDocument(document: Document, configs: ReadonlyMap<string, RouteConfig>): Document {
  const shared = new Map<string, Response>();
  for (const [path, item] of Object.entries(document.paths ?? {})) {
    for (const method of METHODS) {
      const operation = item?.[method];
      const config = operation && configs.get(operation.operationId ?? '');
      if (!config) continue;
      completeOperation(operation, config, method, shared);
      if (path.startsWith('/auth/')) completeOAuthOperation(operation);
    }
  }
  const { schemas, securitySchemes = {} } = document.components ?? {};
  return withoutUnused({
    ...document,
    paths: plain(document.paths ?? {}) as NonNullable<Document['paths']>,
    components: {
      securitySchemes,
      schemas: {
        ...openSchemas(plain(schemas ?? {}) as NonNullable<typeof schemas>),
        OAuthError: OAUTH_ERROR,
      },
      responses: Object.fromEntries(shared),
      headers: HEADERS,
      parameters: PARAMETERS,
    },
  });
}

function completeOperation(
  operation: Operation,
  config: RouteConfig,
  method: string,
  shared: Map<string, Response>,
): void {
  const { scopes } = config;
  // Each entry is one way in: any one of the scopes opens the route.
  operation.security = scopes === 'none' ? [] : scopes.map((scope) => ({ oauth2: [scope] }));
  operation.parameters = (operation.parameters ?? []).map((parameter) =>
    plainParameter(parameter as Parameter),
  );
  if (scopes !== 'none') operation.parameters.push(parameterRef('Interface'));
  const body = operation.requestBody as OpenAPIV3_1.RequestBodyObject | undefined;
  if (config.csv && body) body.content['text/csv'] = { schema: TABLE };
  operation.responses = {
    ...successes(operation.responses as Record<string, Response>, config, method),
    ...problemResponses(config, method, shared),
  };
}

function successes(
  given: Record<string, Response>,
  config: RouteConfig,
  method: string,
): Record<string, Response> {
  const { answer } = config;
  const statuses = answer.kind === 'file' ? ['200'] : Object.keys(answer.schemas);
  const headers = headerRefs(headersOf(config, method));
  const result = Object.fromEntries(
    statuses.map((status): [string, Response] => {
      const description = STATUS_CODES[status] ?? 'Success';
      return [status, { ...(open(given[status]) as Response), description, headers }];
    }),
  );
  if (answer.media && result[200]) {
    const [media = ''] = answer.media.split(';');
    const binary = !/^text|json|xml/.test(media);
    result[200].content = { [media]: { schema: { type: 'string', ...(binary && { format: 'binary' }) } } };
  }
  if (method === 'get' && answer.kind === 'one')
    result[304] = { description: 'You have it already.', headers };
  return result;
}

function headersOf({ scopes, answer, validate, dryRun }: RouteConfig, method: string): HeaderName[] {
  const paged = 'page' in ((validate.query as { shape?: object }).shape ?? {});
  const names: (HeaderName | false)[] = [
    'X-Request-Id',
    'X-Interface',
    'RateLimit-Limit',
    'RateLimit-Remaining',
    'RateLimit-Reset',
    paged && 'X-Page',
    paged && 'X-Per-Page',
    paged && 'X-Total',
    paged && 'Link',
    method === 'get' && answer.kind !== 'bare' && answer.kind !== 'page' && 'ETag',
    !!answer.location && 'Location',
    scopes !== 'none' && method !== 'get' && 'Idempotent-Replayed',
    dryRun && 'X-Dry-Run',
  ];
  return names.filter((name) => name !== false);
}

/** A format says what the expression that checks it would say at length. */
function plain(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(plain);
  if (!schema || typeof schema !== 'object') return schema;
  const entries = Object.entries(schema).filter(([key]) => key !== 'pattern' || !('format' in schema));
  return Object.fromEntries(entries.map(([key, value]) => [key, plain(value)]));
}

/** Requests refuse unknown fields; answers may get new ones, so that clients must not refuse those. */
function open(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(open);
  if (!schema || typeof schema !== 'object') return schema;
  const entries = Object.entries(schema).filter(
    ([key, value]) => key !== 'additionalProperties' || value !== false,
  );
  return Object.fromEntries(entries.map(([key, value]) => [key, open(value)]));
}

const openSchemas = <T>(schemas: Record<string, T>): Record<string, T> =>
  Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [
      name,
      name.endsWith('Input') ? schema : (open(schema) as T),
    ]),
  );
