import Fastify from 'fastify';
import type { RouteConfig } from '../../src/routing/route.ts';
import type { System } from '../../src/system.ts';
import { sourceFiles } from '../rules/source.ts';

/** What each route declares, by its method and address: the routes of src/routes on a server that answers nothing. */
export async function declaredRoutes(system: System): Promise<Map<string, RouteConfig>> {
  const found = new Map<string, RouteConfig>();
  const app = Fastify();
  app.decorate('system', system);
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => JSON.stringify);
  app.addHook('onRoute', ({ method, url, config }) => {
    if (config?.operation) found.set(`${method} ${url}`, config as RouteConfig);
  });
  for (const { path } of sourceFiles('src/routes')) {
    const plugins: Record<string, unknown> = await import(`../../${path}`);
    for (const [name, plugin] of Object.entries(plugins))
      if (name.endsWith('Routes')) await app.register(plugin as Parameters<typeof app.register>[0]);
  }
  return found;
}
