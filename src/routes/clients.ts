import type { FastifyInstance } from 'fastify';
import { empty, one, page } from '../routing/answers.ts';
import { route } from '../routing/route.ts';
import {
  Client,
  ClientCreate,
  ClientPatch,
  clientParams,
  clientsQuery,
  RotateSecret,
} from '../schemas/clients.ts';
import { rotateClientSecret } from '../services/clients/rotate.ts';
import { getClient, listClients } from '../services/clients/row.ts';
import { createClient, deactivateClient, updateClient } from '../services/clients/write.ts';

const MANAGED = { tag: 'Management', scopes: ['admin'] } as const;

/** OAuth clients of the company, as administrators manage them. */
export async function clientRoutes(app: FastifyInstance): Promise<void> {
  route(
    app,
    'GET',
    '/clients',
    {
      ...MANAGED,
      operation: 'listClients',
      summary: 'OAuth clients of the company',
      query: clientsQuery,
      answer: page('clients', Client),
    },
    ({ ctx, query, page: asked }) => listClients(ctx, query, asked),
  );
  route(
    app,
    'POST',
    '/clients',
    {
      ...MANAGED,
      operation: 'createClient',
      summary: 'Make an OAuth client; its secret is told once',
      body: ClientCreate,
      answer: one('client', Client, { status: 201, location: ({ id }) => `/clients/${id}` }),
    },
    ({ ctx, body }) => createClient(ctx, body),
  );
  route(
    app,
    'GET',
    '/clients/:client_id',
    {
      ...MANAGED,
      operation: 'getClient',
      summary: 'One OAuth client',
      params: clientParams,
      answer: one('client', Client),
      problems: ['not_found'],
    },
    ({ ctx, params }) => getClient(ctx, params.client_id),
  );
  route(
    app,
    'PATCH',
    '/clients/:client_id',
    {
      ...MANAGED,
      operation: 'updateClient',
      summary: 'Change scopes, interfaces or rate limit of a client; stop it or bring it back',
      description: 'Takes effect in every process within a second, also for tokens that exist already.',
      params: clientParams,
      body: ClientPatch,
      answer: one('client', Client),
      problems: ['not_found', 'conflict'],
      ifMatch: true,
    },
    ({ ctx, params, body }) => updateClient(ctx, params.client_id, body),
  );
  route(
    app,
    'DELETE',
    '/clients/:client_id',
    {
      ...MANAGED,
      operation: 'deactivateClient',
      summary: 'Stop a client: its tokens are worth nothing from now on',
      params: clientParams,
      answer: empty(),
      problems: ['not_found', 'conflict'],
      ifMatch: true,
    },
    ({ ctx, params }) => deactivateClient(ctx, params.client_id),
  );
  route(
    app,
    'POST',
    '/clients/:client_id/rotate_secret',
    {
      ...MANAGED,
      operation: 'rotateClientSecret',
      summary: 'Give a client a new secret, told once; the old one stays good for a while',
      params: clientParams,
      body: RotateSecret,
      answer: one('client', Client),
      problems: ['not_found'],
    },
    ({ ctx, params, body }) => rotateClientSecret(ctx, params.client_id, body.overlap_seconds),
  );
}
