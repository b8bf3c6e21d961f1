import { runJobs } from '../../../src/jobs/worker.ts';
import type { ApiWorld, Who } from '../api-world.ts';
import type { RouteEntry } from '../route-table.ts';

const theirs = { scopes: ['buy', 'sell', 'admin'], of: 'company', own: true, user: true } as const;

/** Something of a new person, by their own token where it must be. */
const of = (things: string, body?: object) => async (w: ApiWorld, who: Who) => {
  const { id, token } = await w.person();
  return { url: `/users/${id}${things}`, ...(body && { body }), ...(who === 'john' && { token }) };
};

const johns = ({ accounts }: ApiWorld, things: string) => ({ url: `/users/${accounts.user.id}/${things}` });

/** What is held about a person. */
export const privacyRoutes: readonly RouteEntry[] = [
  {
    ...theirs,
    route: 'GET /users/:user_id/carts',
    ...{ status: 200, answer: { page: 'carts' } },
    example: async (w) => {
      await w.cart('john');
      return johns(w, 'carts');
    },
  },
  {
    ...theirs,
    route: 'GET /users/:user_id/tickets',
    ...{ status: 200, answer: { page: 'tickets' } },
    example: async (w) => {
      await w.paid('john');
      return johns(w, 'tickets');
    },
  },
  {
    ...theirs,
    route: 'POST /users/:user_id/consents',
    ...{ status: 201, answer: { one: 'consent' } },
    example: of('/consents', { purpose: 'newsletter', text_version: '2026-11', granted: true }),
  },
  {
    ...theirs,
    route: 'GET /users/:user_id/consents',
    ...{ status: 200, answer: { page: 'consents' } },
    example: async (w, who) => {
      const { id, token } = await w.person();
      const body = { purpose: 'terms', text_version: '3', granted: true };
      await w.call('POST', `/users/${id}/consents`, { token, body });
      return { url: `/users/${id}/consents`, ...(who === 'john' && { token }) };
    },
  },
  {
    ...theirs,
    route: 'POST /users/:user_id/export',
    ...{ status: 202, answer: { one: 'job' }, bodyless: true },
    example: of('/export'),
  },
  {
    ...theirs,
    route: 'GET /users/:user_id/export',
    ...{ status: 200, answer: 'file' },
    example: async (w, who) => {
      const { id, token } = await w.person();
      await w.call('POST', `/users/${id}/export`, { token });
      await runJobs(w.system, ['run_steps']);
      return { url: `/users/${id}/export`, ...(who === 'john' && { token }) };
    },
  },
  {
    ...theirs,
    route: 'DELETE /users/:user_id',
    ...{ scopes: ['buy', 'admin'], status: 204, answer: 'empty', ifMatch: true },
    by: 'admin', // an erased user's token is good for no repetition
    example: of(''),
  },
];
