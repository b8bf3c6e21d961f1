import helmet from '@fastify/helmet';
import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod';
import type { OpenAPIV3_1 } from 'openapi-types';
import { completeDocument } from '../openapi/complete.ts';
import { basicDocument } from '../openapi/description.ts';
import { REFERENCE_URLS, reference } from '../openapi/reference.ts';
import { file } from '../routing/answers.ts';
import { openRoute, type RouteConfig } from '../routing/route.ts';

/**
 * GET /openapi.json, made of the declarations of the routes that follow, and GET /docs, which shows it: a page that
 * asks no other host for anything.
 */
export async function openapi(app: FastifyInstance): Promise<void> {
  const configs = new Map<string, RouteConfig>();
  const components = createJsonSchemaTransformObject({});
  await app.register(swagger, {
    openapi: basicDocument() as never,
    transform: createJsonSchemaTransform({}),
    transformObject: (document) => {
      const described = components(document) as OpenAPIV3_1.Document;
      described.servers = [{ url: app.system.publicUrl }];
      return completeDocument(described, configs) as never;
    },
  });
  app.addHook('onRoute', ({ config }) => {
    if (config?.operation) configs.set(config.operation, config as RouteConfig);
  });

  let text = '';
  openRoute(
    app,
    'GET',
    '/openapi.json',
    {
      operation: 'getOpenapi',
      summary: 'This API in OpenAPI 3.1',
      tag: 'Documentation',
      answer: file('application/json; charset=utf-8'),
    },
    () => {
      text ||= JSON.stringify(app.swagger());
      return text;
    },
  );

  await app.register(async (docs) => {
    await docs.register(helmet, {
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          ...{
            defaultSrc: ["'none'"],
            connectSrc: ["'self'"],
            baseUri: ["'none'"],
            frameAncestors: ["'none'"],
          },
          ...{ scriptSrc: ["'self'", "'unsafe-inline'"], styleSrc: ["'unsafe-inline'"] }, // the page's own
          ...{ imgSrc: ["'self'", 'data:'], fontSrc: ["'self'", 'data:'] },
        },
      },
    });
    for (const url of REFERENCE_URLS)
      docs.route({ method: 'GET', url, schema: { hide: true }, handler: reference });
  });
}
