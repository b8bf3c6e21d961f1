import type { FastifyInstance, RouteOptions } from 'fastify';
import { SCOPES } from '../context.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** Methods that the address of a request answers, in alphabetical order: none when it does not exist. */
    allowedMethods(url: string): string[];
  }
}

/** Routes that libraries declare for themselves: the preflight and the documentation page. */
const OF_LIBRARIES = /^(\*|\/docs(\/.*)?)$/;

interface Address {
  pattern: RegExp;
  methods: Set<string>;
}

/**
 * Refuses to boot when a route leaves open who may call it, what it is or how it answers, or contradicts itself: the
 * mistake shows at start-up, not at the first request. Remembers the addresses for 405.
 * @throws Error naming the route and everything wrong with it, while the route is declared
 */
export function routeRules(app: FastifyInstance): void {
  const operations = new Map<string, string>();
  const addresses = new Map<string, Address>();

  app.decorate('allowedMethods', (url: string) => {
    const path = url.split(/[?#;]/, 1)[0] as string;
    const found = [...addresses.values()].filter(({ pattern }) => pattern.test(path));
    return [...new Set(found.flatMap(({ methods }) => [...methods]))].sort();
  });

  app.addHook('onRoute', (route) => {
    if (OF_LIBRARIES.test(route.url)) return;
    const name = `${route.method} ${route.url}`;
    const faults = faultsOf(route);
    const operation = route.config?.operation ?? name;
    const twin = operations.get(operation);
    if (twin) faults.push(`operation ${operation} is also ${twin}`);
    if (faults.length) throw new Error(`Route ${name}: ${faults.join('; ')}`);

    operations.set(operation, name);
    const address = addresses.get(route.url) ?? { pattern: patternOf(route.url), methods: new Set() };
    for (const method of [route.method].flat()) address.methods.add(method);
    addresses.set(route.url, address);
  });
}

/** What documentation adds to a route's schemas. */
interface Documentation {
  summary?: string;
  tags?: string[];
  response?: unknown;
}

function faultsOf({ method, url, config = {}, schema = {} }: RouteOptions): string[] {
  const { operation = '', scopes, answer, validate, ifMatch, published } = config;
  const { summary, tags = [], response = {} } = schema as Documentation;
  const params = Object.keys((validate?.params as { shape?: object } | undefined)?.shape ?? {});
  const known = scopes === 'none' || (scopes?.length && scopes.every((scope) => SCOPES.includes(scope)));
  const rules: [kept: unknown, fault: string][] = [
    [typeof method === 'string', 'one method a route'],
    [known, "scopes are missing or unknown (spell out 'none')"],
    [/^[a-z][A-Za-z0-9]+$/.test(operation), 'operation must be a camelCase name'],
    [summary, 'summary is missing'],
    [tags.length === 1 && tags[0], 'one tag a route'],
    [answer, 'answer is missing'],
    [
      answer?.kind === 'file' ? answer.media : Object.keys(response as object).length,
      'response schema is missing',
    ],
    [validate?.query, 'query schema is missing'],
    [namesIn(url).sort().join() === params.sort().join(), `params ${params} do not match the address`],
    [method !== 'DELETE' || answer?.kind === 'empty', 'DELETE answers 204 (seed: Responses)'],
    [!ifMatch || (method !== 'GET' && scopes !== 'none'), 'If-Match is for changes'],
    [
      !published || (method === 'GET' && scopes !== 'none' && scopes?.includes('public')),
      'published is for public reads',
    ],
  ];
  return rules.flatMap(([kept, fault]) => (kept ? [] : [fault]));
}

/** The parts of a route's address: `:name`, `:name(expression)`, `*`, or text. */
const PART = /:(\w+)(\((?:[^()]|\([^()]*\))*\))?|(\*)|([^:*]+)/g;

const namesIn = (url: string): string[] => [...url.matchAll(PART)].flatMap(([, name]) => name ?? []);

function patternOf(url: string): RegExp {
  const parts = [...url.matchAll(PART)].map(([, name, expression, wildcard, text = '']) => {
    if (name) return expression ?? '[^/]+';
    return wildcard ? '.*' : text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('')}$`);
}
