import Fastify, { type RouteOptions } from 'fastify';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readConfig } from '../../src/config.ts';
import { createSystem } from '../../src/system.ts';
import { sourceFiles } from './source.ts';

// zod 4 keeps the defaults of a schema through .partial(): a PATCH that leaves a field out would reset it.

const routes: RouteOptions[] = [];

// Routes are only declared here, never asked: nothing connects to this database.
const system = createSystem(
  readConfig({}),
  pino({ level: 'silent' }),
  'postgresql://nobody@127.0.0.1:1/none',
);

afterAll(() => system.close());

beforeAll(async () => {
  const app = Fastify();
  app.decorate('system', system);
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => JSON.stringify);
  app.addHook('onRoute', (options) => {
    routes.push(options);
  });
  for (const { path } of sourceFiles('src/routes')) {
    const plugins: Record<string, unknown> = await import(`../../${path}`);
    for (const [name, plugin] of Object.entries(plugins))
      if (name.endsWith('Routes')) await app.register(plugin as Parameters<typeof app.register>[0]);
  }
});

const FILLS_IN = ['default', 'prefault', 'catch'];

/** Paths in a schema at which something is filled in when the caller leaves it out. */
function defaultsIn(schema: z.core.$ZodType, at = '', seen = new Set<unknown>()): string[] {
  if (seen.has(schema)) return [];
  seen.add(schema);
  const { def } = schema._zod;
  if (FILLS_IN.includes(def.type)) return [at || '/'];
  const inner = Object.entries(def).flatMap(([key, value]): string[] => {
    if (key === 'shape')
      return Object.entries(value as z.core.$ZodShape).flatMap(([field, s]) =>
        defaultsIn(s, `${at}/${field}`, seen),
      );
    const children = Array.isArray(value) ? value : [value];
    return children.filter(isSchema).flatMap((child) => defaultsIn(child, at, seen));
  });
  return inner;
}

const isSchema = (value: unknown): value is z.core.$ZodType =>
  typeof value === 'object' && value !== null && '_zod' in value;

describe('schemas of bodies that change something', () => {
  it('are looked at: there are routes of this kind', () => {
    expect(routes.some(({ method }) => method === 'PATCH')).toBe(true);
  });

  it('fill nothing in on PATCH', () => {
    const filled = routes
      .filter(({ method }) => method === 'PATCH')
      .flatMap(({ url, config }) => {
        const body = config?.validate?.body;
        return body ? defaultsIn(body).map((field) => `PATCH ${url}: ${field} has a default`) : [];
      });
    expect(filled).toEqual([]);
  });

  it('would be caught: a default anywhere inside is found', () => {
    const hidden = z
      .strictObject({ a: z.string().optional(), b: z.array(z.object({ c: z.int().default(1) })).nullable() })
      .partial()
      .refine(() => true);
    expect(defaultsIn(hidden)).toEqual(['/b/c']);
    expect(defaultsIn(z.object({ a: z.string() }).partial())).toEqual([]);
  });
});
