import type { Folder } from './item.ts';
import { basic, withBasic } from './start.ts';

export const operations: Folder = {
  name: 'Operations',
  description: 'For those who run and watch the server; no token.',
  items: [
    { operation: 'getLiveness', method: 'GET', path: '/health/live', as: 'nobody', status: 200 },
    { operation: 'getReadiness', method: 'GET', path: '/health/ready', as: 'nobody', status: 200 },
    { operation: 'getMetrics', method: 'GET', path: '/metrics', as: 'nobody', status: 200 },
    {
      operation: 'getOpenapi',
      method: 'GET',
      path: '/openapi.json',
      as: 'nobody',
      status: 200,
      test: { 'is OpenAPI 3.1': "json.openapi.startsWith('3.1')" },
    },
    {
      operation: 'getPostmanCollection',
      method: 'GET',
      path: '/postman/collection.json',
      as: 'nobody',
      status: 200,
    },
    {
      operation: 'getPostmanEnvironment',
      method: 'GET',
      path: '/postman/environment.json',
      as: 'nobody',
      status: 200,
    },
    { operation: 'listProblems', method: 'GET', path: '/problems', as: 'nobody', status: 200 },
    { operation: 'getProblem', method: 'GET', path: '/problems/sold_out', as: 'nobody', status: 200 },
  ],
};

export const refusals: Folder = {
  name: 'Refusals',
  description: 'What problems look like (RFC 9457): every faulty field at once, and never a stack.',
  items: [
    {
      operation: 'getEvent',
      name: 'No token: 401',
      method: 'GET',
      path: '/events/{{event_id}}',
      as: 'nobody',
      status: 401,
      test: {
        'asks for a bearer token': "pm.response.headers.get('WWW-Authenticate').startsWith('Bearer')",
        'says unauthorized': "json.code === 'unauthorized'",
      },
    },
    {
      operation: 'listTickets',
      name: 'Scope missing: 403',
      method: 'GET',
      path: '/users',
      as: 'user',
      status: 403,
      test: { 'says insufficient_scope': "json.code === 'insufficient_scope'" },
    },
    {
      operation: 'getEvent',
      name: 'Malformed X-Interface: 400',
      method: 'GET',
      path: '/events/{{event_id}}',
      headers: { 'X-Interface': 'shop' },
      status: 400,
      test: { 'says invalid_interface': "json.code === 'invalid_interface'" },
    },
    {
      operation: 'getEvent',
      name: 'Unknown event: 404',
      method: 'GET',
      path: '/events/2000000000',
      status: 404,
      test: { 'says not_found': "json.code === 'not_found'" },
    },
    {
      operation: 'listEvents',
      name: 'Unknown query parameter: 422',
      method: 'GET',
      path: '/events?pages=2',
      status: 422,
      test: { 'names it': "json.errors[0].pointer === '/query/pages'" },
    },
    {
      operation: 'openCart',
      name: 'Every faulty field at once: 422',
      method: 'POST',
      path: '/carts',
      body: { items: [{ ticket_type_id: -1, quantity: 0, colour: 'red' }] },
      status: 422,
      test: { 'names all of them': 'json.errors.length >= 3' },
    },
    {
      operation: 'getEvent',
      name: 'Method not allowed: 405',
      method: 'PUT',
      path: '/events/{{event_id}}',
      body: {},
      status: 405,
      test: { 'says what is': "pm.response.headers.get('Allow').includes('GET')" },
    },
  ],
};

export const signOut: Folder = {
  name: 'Sign out',
  description: 'A revoked token stops working at once.',
  items: [
    {
      operation: 'revokeToken',
      method: 'POST',
      path: '/auth/revoke',
      as: 'nobody',
      headers: basic,
      before: withBasic,
      form: { token: '{{user_access_token}}' },
      status: 200,
    },
    {
      operation: 'getMe',
      name: 'The revoked token: 401',
      method: 'GET',
      path: '/users/me',
      as: 'user',
      status: 401,
      test: { 'says invalid_token': "json.code === 'invalid_token'" },
    },
  ],
};
