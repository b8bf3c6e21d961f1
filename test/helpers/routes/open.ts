import { basic } from '../oauth.ts';
import { webhookOf } from '../payments.ts';
import type { RouteEntry } from '../route-table.ts';

const open = { scopes: 'none', status: 200 } as const;
const page = { ...open, answer: 'file' } as const;

/** Routes that ask for no access token. */
export const openRoutes: readonly RouteEntry[] = [
  {
    ...open,
    route: 'POST /auth/token',
    answer: 'bare',
    example: ({ accounts: { clients } }) => ({
      url: '/auth/token',
      headers: { authorization: basic(clients.web) },
      body: { grant_type: 'client_credentials', scope: 'public buy' },
    }),
  },
  {
    ...open,
    route: 'POST /auth/revoke',
    answer: 'bare',
    example: async (w) => ({
      url: '/auth/revoke',
      headers: { authorization: basic(w.accounts.clients.web) },
      body: { token: (await w.person()).token, token_type_hint: 'access_token' },
    }),
  },
  {
    ...open,
    route: 'POST /auth/introspect',
    answer: 'bare',
    example: ({ accounts: { clients }, tokens }) => ({
      url: '/auth/introspect',
      headers: { authorization: basic(clients.web) },
      body: { token: tokens.buyer, token_type_hint: 'access_token' },
    }),
  },
  {
    ...open,
    route: 'GET /.well-known/oauth-authorization-server',
    answer: 'bare',
    example: () => ({ url: '/.well-known/oauth-authorization-server' }),
  },
  {
    ...open,
    route: 'GET /.well-known/jwks.json',
    answer: 'bare',
    example: () => ({ url: '/.well-known/jwks.json' }),
  },
  {
    ...open,
    route: 'POST /payments/webhooks/:provider',
    ...{ status: 204, answer: 'empty' },
    example: async (w) => {
      const { payment } = await w.waiting('john', 'pending');
      const { headers, body } = await webhookOf(w.system, { id: payment }, 'captured');
      return {
        url: '/payments/webhooks/sandbox',
        headers: { 'content-type': 'application/json', ...headers },
        body,
      };
    },
  },
  {
    ...page,
    route: 'GET /payments/sandbox/:payment_id',
    example: async (w) => ({
      url: `/payments/sandbox/${(await w.waiting('john', 'requires_action')).payment}`,
    }),
  },
  {
    ...page,
    route: 'POST /payments/sandbox/:payment_id',
    example: async (w) => ({
      url: `/payments/sandbox/${(await w.waiting('john', 'requires_action')).payment}`,
      body: { decision: 'decline' },
    }),
  },
  {
    ...page,
    route: 'GET /live/:pass',
    example: async (w) => {
      const { ticket } = await w.paid('seller');
      const { code } = (await w.call('GET', `/tickets/${ticket}/code`, { who: 'seller' })).json();
      return { url: new URL(code.live_url).pathname };
    },
  },
  { ...page, route: 'GET /problems', example: () => ({ url: '/problems' }) },
  { ...page, route: 'GET /problems/:code', example: () => ({ url: '/problems/sold_out' }) },
  { ...page, route: 'GET /postman/collection.json', example: () => ({ url: '/postman/collection.json' }) },
  { ...page, route: 'GET /postman/environment.json', example: () => ({ url: '/postman/environment.json' }) },
  { ...page, route: 'GET /openapi.json', example: () => ({ url: '/openapi.json' }) },
  { ...open, route: 'GET /health/live', answer: 'bare', example: () => ({ url: '/health/live' }) },
  { ...open, route: 'GET /health/ready', answer: 'bare', example: () => ({ url: '/health/ready' }) },
  { ...page, route: 'GET /metrics', example: () => ({ url: '/metrics' }) },
];
