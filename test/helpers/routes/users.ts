import { randomUUID } from 'node:crypto';
import { runJobs } from '../../../src/jobs/worker.ts';
import type { ApiWorld, Who } from '../api-world.ts';
import type { RouteEntry } from '../route-table.ts';

const theirs = { scopes: ['buy', 'sell', 'admin'], of: 'company', own: true, user: true } as const;
const own = { scopes: ['buy'], of: 'company', own: true, user: true } as const;

/** A new person, and by whose token they are reached: their own where it must be. */
async function personFor(w: ApiWorld, who: Who) {
  const { id, token } = await w.person();
  return { id, token, by: who === 'john' ? { token } : {} };
}

/** The code in the latest mail to a user. */
async function mailedCode(w: ApiWorld, user_id: number): Promise<string> {
  const { rows } = await w.system.db.pool.query(
    "SELECT data ->> 'code' AS code FROM mail WHERE user_id = $1 AND data ? 'code' ORDER BY id DESC LIMIT 1",
    [user_id],
  );
  return rows[0].code;
}

const address = {
  ...{ label: 'Home', line1: 'Gran Via 1', line2: '3 B', city: 'Lima', postal_code: '15001' },
  ...{ country_id: 46, state_id: 530, default: true },
};
const guest = { first_name: 'Eva', last_name: 'Roe', email: 'eva@mail.com', document_number: 'X9' };

/** A new person with one thing of theirs, made through the API. */
async function withOne(w: ApiWorld, who: Who, things: 'addresses' | 'guests') {
  const { id, token, by } = await personFor(w, who);
  const body = things === 'guests' ? guest : address;
  const made = (await w.call('POST', `/users/${id}/${things}`, { token, body })).json();
  return { url: `/users/${id}/${things}/${(made.guest ?? made.address).id}`, ...by };
}

/** Users and what is theirs. */
export const userRoutes: readonly RouteEntry[] = [
  {
    route: 'POST /users',
    ...{ scopes: ['buy', 'sell'], status: 201, answer: { one: 'user' } },
    nullable: ['/phone', '/document_type', '/document_number', '/birth_date'],
    example: () => ({
      url: '/users',
      body: {
        ...{
          email: `u${randomUUID()}@mail.com`,
          password: 'correct horse',
          first_name: 'Ana',
          last_name: 'Roe',
        },
        ...{ phone: '+34 600 000 000', document_number: 'X44', birth_date: '1990-02-28', locale: 'es' },
        preferences: { newsletter: true, reminders: false },
      },
    }),
  },
  {
    route: 'GET /users',
    ...{ scopes: ['sell', 'admin'], status: 200, answer: { page: 'users' } },
    texts: ['q', 'email'],
    example: () => ({ url: '/users' }),
  },
  {
    route: 'GET /users/me',
    ...{ scopes: ['buy'], status: 200, answer: { one: 'user' }, user: true },
    example: () => ({ url: '/users/me' }),
  },
  {
    route: 'GET /users/:user_id',
    ...{ scopes: ['buy', 'sell', 'admin'], status: 200, answer: { one: 'user' } },
    ...{ of: 'company', own: true, user: true },
    example: async (w, who) => {
      const { id, by } = await personFor(w, who);
      return { url: `/users/${id}`, ...by };
    },
  },
  {
    route: 'PATCH /users/:user_id',
    ...{ scopes: ['buy', 'admin'], status: 200, answer: { one: 'user' } },
    ...{ of: 'company', own: true, user: true, ifMatch: true },
    nullable: ['/phone', '/document_type', '/document_number', '/birth_date'],
    example: async (w, who) => {
      const { id, token } = await w.person();
      return {
        ...{ url: `/users/${id}`, ...(who === 'john' && { token }) },
        body: {
          first_name: 'Eva',
          last_name: 'Roe',
          phone: '+34 600 000 001',
          birth_date: '1990-02-28',
          locale: 'pt',
          preferences: { accessible_seating: true },
        },
      };
    },
  },
  {
    route: 'PUT /users/:user_id/password',
    ...{ scopes: ['buy'], status: 204, answer: 'empty' },
    ...{ of: 'company', own: true, user: true },
    fine: { '/password': [' '] },
    example: async (w, who) => {
      const { id, token } = await w.person();
      return {
        ...{ url: `/users/${id}/password`, ...(who === 'john' && { token }) },
        body: { password: 'correct horse battery', new_password: 'another good horse' },
      };
    },
  },
  {
    route: 'POST /users/password_resets',
    ...{ scopes: ['buy'], status: 202, answer: { one: 'password_reset' } },
    example: () => ({ url: '/users/password_resets', body: { email: 'nobody@mail.com' } }),
  },
  {
    route: 'PUT /users/password_resets/:code',
    ...{ scopes: ['buy'], status: 204, answer: 'empty', of: 'company' },
    example: async (w) => {
      const { id, email } = await w.person();
      await w.call('POST', '/users/password_resets', { who: 'buyer', body: { email } });
      await runJobs(w.system, ['password_reset']);
      const code = await mailedCode(w, id);
      return { url: `/users/password_resets/${code}`, body: { new_password: 'another good horse' } };
    },
  },
  {
    ...own,
    route: 'POST /users/:user_id/email_verifications',
    ...{ status: 202, answer: { one: 'email_verification' }, bodyless: true },
    example: async (w, who) => {
      const { id, by } = await personFor(w, who);
      return { url: `/users/${id}/email_verifications`, ...by };
    },
  },
  {
    ...own,
    route: 'PUT /users/:user_id/email_verifications/:code',
    ...{ status: 200, answer: { one: 'user' }, bodyless: true },
    example: async (w, who) => {
      const { id, token, by } = await personFor(w, who);
      await w.call('POST', `/users/${id}/email_verifications`, { token });
      return { url: `/users/${id}/email_verifications/${await mailedCode(w, id)}`, ...by };
    },
  },
  {
    ...theirs,
    route: 'POST /users/:user_id/addresses',
    ...{ status: 201, answer: { one: 'address' } },
    nullable: ['/label', '/line2', '/postal_code', '/state_id'],
    example: async (w, who) => {
      const { id, by } = await personFor(w, who);
      return { url: `/users/${id}/addresses`, body: address, ...by };
    },
  },
  {
    ...theirs,
    route: 'GET /users/:user_id/addresses',
    ...{ status: 200, answer: { page: 'addresses' } },
    example: async (w, who) => {
      const { url, ...by } = await withOne(w, who, 'addresses');
      return { url: url.slice(0, url.lastIndexOf('/')), ...by };
    },
  },
  {
    ...theirs,
    route: 'GET /users/:user_id/addresses/:address_id',
    ...{ status: 200, answer: { one: 'address' } },
    example: (w, who) => withOne(w, who, 'addresses'),
  },
  {
    ...theirs,
    route: 'PATCH /users/:user_id/addresses/:address_id',
    ...{ status: 200, answer: { one: 'address' }, ifMatch: true },
    nullable: ['/label', '/line2', '/postal_code', '/state_id'],
    example: async (w, who) => ({
      ...(await withOne(w, who, 'addresses')),
      body: { ...address, city: 'Cuzco' },
    }),
  },
  {
    ...theirs,
    route: 'DELETE /users/:user_id/addresses/:address_id',
    ...{ status: 204, answer: 'empty', ifMatch: true },
    example: (w, who) => withOne(w, who, 'addresses'),
  },
  {
    ...theirs,
    route: 'POST /users/:user_id/guests',
    ...{ status: 201, answer: { one: 'guest' } },
    nullable: ['/email', '/document_number'],
    example: async (w, who) => {
      const { id, by } = await personFor(w, who);
      return { url: `/users/${id}/guests`, body: guest, ...by };
    },
  },
  {
    ...theirs,
    route: 'GET /users/:user_id/guests',
    ...{ status: 200, answer: { page: 'guests' } },
    example: async (w, who) => {
      const { url, ...by } = await withOne(w, who, 'guests');
      return { url: url.slice(0, url.lastIndexOf('/')), ...by };
    },
  },
  {
    ...theirs,
    route: 'GET /users/:user_id/guests/:guest_id',
    ...{ status: 200, answer: { one: 'guest' } },
    example: (w, who) => withOne(w, who, 'guests'),
  },
  {
    ...theirs,
    route: 'PATCH /users/:user_id/guests/:guest_id',
    ...{ status: 200, answer: { one: 'guest' }, ifMatch: true },
    nullable: ['/email', '/document_number'],
    example: async (w, who) => ({
      ...(await withOne(w, who, 'guests')),
      body: { ...guest, first_name: 'Ava' },
    }),
  },
  {
    ...theirs,
    route: 'DELETE /users/:user_id/guests/:guest_id',
    ...{ status: 204, answer: 'empty', ifMatch: true },
    example: (w, who) => withOne(w, who, 'guests'),
  },
];
