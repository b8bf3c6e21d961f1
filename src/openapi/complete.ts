import { STATUS_CODES } from 'node:http';
import type { OpenAPIV3_1 } from 'openapi-types';
import type { RouteConfig } from '../routing/route.ts';
import { HEADERS, type HeaderName, headerRefs } from './headers.ts';
import { problemResponses } from './problems.ts';

type Document = OpenAPIV3_1.Document;
type Operation = OpenAPIV3_1.OperationObject;
type Responses = Record<string, OpenAPIV3_1.ResponseObject>;

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

/**
 * Adds to each operation what follows from its declaration rather than from its schemas: scopes, the interface, headers,
 * media types, problems.
 * @param configs declarations by operation
 */
export function completeDocument(document: Document, configs: ReadonlyMap<string, RouteConfig>): Document {
  for (const item of Object.values(document.paths ?? {})) {
    for (const method of METHODS) {
      const operation = item?.[method];
      const config = operation && configs.get(operation.operationId ?? '');
      if (config) completeOperation(operation, config, method);
    }
  }
  const complete: Document = {
    ...document,
    components: {
      ...document.components,
      headers: HEADERS,
      parameters: {
        Interface: {
          name: 'X-Interface',
          in: 'header',
          description: 'Id of the sales channel; without it, the default of the client.',
          schema: { type: 'integer', minimum: 1 },
        },
      },
    },
  };
  return withoutUnused(complete);
}

function completeOperation(operation: Operation, config: RouteConfig, method: string): void {
  const { scopes } = config;
  // Each entry is one way in: any one of the scopes opens the route.
  operation.security = scopes === 'none' ? [] : scopes.map((scope) => ({ oauth2: [scope] }));
  operation.parameters = (operation.parameters ?? []).map((parameter) =>
    plainParameter(parameter as Parameter),
  );
  if (scopes !== 'none') operation.parameters.push({ $ref: '#/components/parameters/Interface' });
  operation.responses = {
    ...successes(operation.responses as Responses, config, method),
    ...problemResponses(config, method),
  };
}

type Parameter = OpenAPIV3_1.ParameterObject & { schema?: OpenAPIV3_1.SchemaObject };

/** Numbers and flags arrive as text; what clients send is a number or a flag all the same. */
function plainParameter(parameter: Parameter): Parameter {
  const { schema } = parameter;
  if (schema?.pattern === '^[1-9]\\d{0,9}$') return { ...parameter, schema: { type: 'integer', minimum: 1 } };
  if (schema?.pattern === '^[1-9]\\d{0,8}$') return { ...parameter, schema: { type: 'integer', minimum: 1 } };
  if (schema?.enum?.join() === 'true,false') return { ...parameter, schema: { type: 'boolean' } };
  return parameter;
}

function successes(given: Responses, config: RouteConfig, method: string): Responses {
  const { answer } = config;
  const statuses = answer.kind === 'file' ? ['200'] : Object.keys(answer.schemas);
  const headers = headerRefs(headersOf(config, method));
  const result: Responses = Object.fromEntries(
    statuses.map((status) => [
      status,
      { ...given[status], description: STATUS_CODES[status] ?? '', headers },
    ]),
  );
  if (answer.media) {
    const schema = {
      type: 'string',
      ...(!/^text|json|xml/.test(answer.media) && { format: 'binary' }),
    } as const;
    result[200] = {
      ...(result[200] as Responses[string]),
      content: { [answer.media.split(';')[0] as string]: { schema } },
    };
  }
  if (method === 'get' && answer.kind === 'one')
    result[304] = { description: 'You have it already.', headers };
  return result;
}

function headersOf({ scopes, answer, validate }: RouteConfig, method: string): HeaderName[] {
  const token = scopes !== 'none';
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
    token && method !== 'get' && 'Idempotent-Replayed',
  ];
  return names.filter((name) => name !== false);
}

/** Leaves out what no operation refers to, directly or through something else. */
function withoutUnused(document: Document): Document {
  const used = new Set<string>();
  const follow = (value: unknown): void => {
    if (!value || typeof value !== 'object') return;
    for (const [key, inner] of Object.entries(value)) {
      if (key === '$ref' && typeof inner === 'string' && !used.has(inner)) {
        used.add(inner);
        const [, , kind = '', name = ''] = inner.split('/');
        follow((document.components as Record<string, Record<string, unknown>>)[kind]?.[name]);
      } else follow(inner);
    }
  };
  follow(document.paths);
  const keep = <T>(kind: string, all: Record<string, T> = {}): Record<string, T> =>
    Object.fromEntries(Object.entries(all).filter(([name]) => used.has(`#/components/${kind}/${name}`)));
  const { schemas, headers, parameters } = document.components ?? {};
  return {
    ...document,
    tags: (document.tags ?? []).filter(({ name }) => mentions(document, name)),
    components: {
      ...document.components,
      schemas: keep('schemas', schemas),
      headers: keep('headers', headers),
      parameters: keep('parameters', parameters),
    },
  };
}

const mentions = ({ paths }: Document, tag: string): boolean =>
  Object.values(paths ?? {}).some((item) => METHODS.some((method) => item?.[method]?.tags?.includes(tag)));
