import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { inject } from 'vitest';
import { insertRow, insertRows } from '../../prisma/seed/rows.ts';
import type { Scope } from '../../src/context.ts';
import { statement } from '../../src/db/client.ts';
import { inTransaction, type Tx } from '../../src/db/transaction.ts';
import { type TestApp, type TestAppOptions, testApp } from './app.ts';
import { makeEvent, seatedSection, standingSection } from './catalogue.ts';
import { type Accounts, accessToken, makeAccounts, makeUser, type TestClient } from './factories.ts';

const DAY = 86_400_000;

/**
 * reader, buyer, seller, admin: tokens of clients on the web, `public` and the one scope that the name says; john, mary:
 * users of the buyer's client; stranger: `buy` of another client of the web; pos: `sell` of the other interface; rival,
 * outsider: every scope in another company, and a user there.
 */
export const CALLERS = [
  'reader',
  'buyer',
  'john',
  'mary',
  'seller',
  'admin',
  'stranger',
  'pos',
  'rival',
  'outsider',
] as const;
export type Who = (typeof CALLERS)[number];

export interface Call {
  who?: Who | undefined;
  token?: string | undefined;
  headers?: Record<string, string> | undefined;
  /** Sent as JSON; a string or bytes as they are. */
  body?: unknown;
}

export type Answer = LightMyRequestResponse;
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD' | 'OPTIONS';

/** The whole server with a little of everything in it: what a request to any route needs. */
export interface ApiWorld extends TestApp, Written {
  rival: Accounts;
  tokens: Record<Who, string>;
  call(method: Method, url: string, call?: Call): Promise<Answer>;
  /** A new open cart of one place and one product; of a seller for those who may not have carts. */
  cart(who: Who): Promise<{ id: string; line: string }>;
  /** A new cart, paid in cash at the box office. */
  paid(who: Who): Promise<{ id: string; line: string; payment: string; ticket: string }>;
  /** A new cart whose card payment waits for the provider (`pending`) or for the buyer (`requires_action`). */
  waiting(who: Who, status: 'pending' | 'requires_action'): Promise<{ payment: string; job: string }>;
  /** The code of a new ticket. */
  code(): Promise<string>;
  /** A new scan that let somebody in. */
  validation(): Promise<string>;
  /** A new user and a token of theirs. */
  person(): Promise<{ id: number; email: string; token: string }>;
  /** Everything that is stored, a digest a table: what a refusal must leave as it was. */
  stored(): Promise<Record<string, string>>;
}

/** No test of ours is about limits of rate, and these send thousands of requests. */
const NO_LIMITS = { RATE_LIMIT: '1000000', RATE_LIMIT_IP: '1000000', RATE_LIMIT_LOGIN: '1000000' };

export async function apiWorld({ env, ...options }: TestAppOptions = {}): Promise<ApiWorld> {
  const base = await testApp({ env: { ...NO_LIMITS, ...inject('wallet'), ...env }, ...options });
  const { app, system, accounts } = base;
  const rival = await makeAccounts(system, 'rival');
  const written = await inTransaction(system.db, (tx) => writeWorld(tx, accounts, rival));
  const { web, pos, admin } = accounts.clients;
  const of = (client: TestClient, ...scopes: Scope[]) =>
    accessToken(system, { client, scopes: ['public', ...scopes] });
  const tokens: Record<Who, string> = {
    reader: await of(admin),
    buyer: await of(web, 'buy'),
    john: await accessToken(system, { client: web, user: accounts.user }),
    mary: await accessToken(system, { client: web, user: written.mary }),
    seller: await of(admin, 'sell'),
    admin: await of(admin, 'admin'),
    stranger: await of(admin, 'buy'),
    pos: await of(pos, 'sell'),
    rival: await accessToken(system, { client: rival.clients.admin }),
    outsider: await accessToken(system, { client: rival.clients.web, user: rival.user }),
  };
  await system.ticketKeys.signer(rival.company_id); // made when first asked for: no effect of a later request
  let people = 0;

  const call: ApiWorld['call'] = (method, url, { who, token, headers, body } = {}) => {
    const bearer = token ?? (who && tokens[who]);
    return app.inject({
      method,
      url,
      headers: { ...(bearer && { authorization: `Bearer ${bearer}` }), ...headers },
      ...(body !== undefined && { payload: body as NonNullable<InjectOptions['payload']> }),
    });
  };
  const made = async (url: string, who: Who, body: object) => {
    const answer = await call('POST', url, { who, body });
    if (answer.statusCode >= 300) throw new Error(`POST ${url} by ${who}: ${answer.body}`);
    return answer.json();
  };
  const cart: ApiWorld['cart'] = async (who) => {
    const owner = ownerFor(who);
    const body = await made('/carts', owner, { items: written.items });
    return { id: body.cart.id, line: body.cart.sale_details[0].id };
  };
  const paid: ApiWorld['paid'] = async (who) => {
    const { id, line } = await cart(who);
    const { payment } = await made(`/carts/${id}/payments`, 'seller', { method: 'cash' });
    const [ticket] = (await call('GET', `/carts/${id}/tickets`, { who: 'seller' })).json().tickets;
    return { id, line, payment: payment.id, ticket: ticket.id };
  };
  const code: ApiWorld['code'] = async () => {
    const { ticket } = await paid('seller');
    return (await call('GET', `/tickets/${ticket}`, { who: 'seller' })).json().ticket.qr_code;
  };

  return {
    ...base,
    ...written,
    ...{ rival, tokens, call, cart, paid },
    async waiting(who, status) {
      const { id } = await cart(who);
      const owner = ownerFor(who);
      const card = { token: `sandbox_${status}` };
      const { payment } = await made(`/carts/${id}/payments`, owner, { method: 'card', card });
      return { payment: payment.id, job: payment.job_id };
    },
    code,
    async validation() {
      const body = { qr_code: await code(), event_id: written.event_id };
      return (await made('/validations', 'admin', body)).validation.id;
    },
    async person() {
      people += 1;
      const user = await inTransaction(system.db, (tx) =>
        makeUser(tx, accounts.company_id, `person${people}@mail.com`),
      );
      return { id: user.id, email: user.email, token: await accessToken(system, { client: web, user }) };
    },
    async stored() {
      const { rows: tables } = await system.db.pool.query(
        "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname IN ('public', 'graphile_worker')",
      );
      const parts = tables.map(
        ({ name }) =>
          `SELECT '${name}' AS name, count(*) || ' ' || coalesce(md5(string_agg(t::text, '' ORDER BY t::text)), '') AS digest FROM ${name} t`,
      );
      const { rows } = await system.db.pool.query(parts.join(' UNION ALL '));
      return Object.fromEntries(rows.map(({ name, digest }) => [name, digest]));
    },
  };
}

const SEAT = statement('test_api_seat', 'SELECT id FROM seat WHERE map_id = $1 ORDER BY id LIMIT 1');

/** Those who may not have carts are given one of the box office. */
const ownerFor = (who: Who): Who => (who === 'admin' || who === 'reader' ? 'seller' : who);

type Written = Awaited<ReturnType<typeof writeWorld>>;

async function writeWorld(tx: Tx, { company_id, interfaces }: Accounts, rival: Accounts) {
  const name = { en: 'Peru', es: 'Perú', pt: 'Peru' };
  await insertRows(tx, 'country', [{ id: 46, code: 'PE', code3: 'PER', numeric: '604', name }]);
  await insertRows(tx, 'state', [{ id: 530, country_id: 46, code: 'PE-LIM', name: 'Lima' }]);
  await insertRows(tx, 'currency', [{ code: 'EUR', numeric: '978', name: 'Euro', digits: 2 }]);
  const category = await insertRow(tx, 'category', { company_id, code: 'rock', name: { en: 'Rock' } });
  const venue = await insertRow(tx, 'venue', {
    ...{ company_id, name: 'Arena', country_id: 46, state_id: 530, time_zone: 'Europe/Madrid' },
  });
  const sections = [seatedSection('Stalls', 3, 10), standingSection('Floor', 5_000)];
  const columns = {
    ...{ name: 'Tonight', category_id: category.id, venue_id: venue.id, max_per_cart: 20 },
    exchange_until: new Date(Date.now() + DAY),
    ...{ starts_at: new Date(Date.now() + DAY / 12), ends_at: new Date(Date.now() + DAY / 4) },
  };
  const on = (interface_id: number) => ({ company_id, interface_id });
  const event = await makeEvent(tx, on(interfaces.web), sections, columns);
  const { event_id, map_id, ticket_type_ids } = event;
  const elsewhere = await makeEvent(tx, on(interfaces.pos), [standingSection('Room', 10)]);
  const foreign = await makeEvent(
    tx,
    { company_id: rival.company_id, interface_id: rival.interfaces.web },
    [standingSection('Hall', 10)],
    { name: 'Foreign' },
  );
  const common = { company_id, event_id };
  const product = await insertRow(tx, 'product', { ...common, name: 'Parking', price: 800 });
  const gate = await insertRow(tx, 'gate', { ...common, name: 'North' });
  await insertRow(tx, 'code', { ...common, code: 'TENOFF', kind: 'percentage', value: 1_000 });
  const [seat] = await tx.query<{ id: number }>(SEAT, [map_id]);
  return {
    ...{ event_id, map_id, seat_id: seat?.id as number, elsewhere, foreign },
    ...{ category_id: category.id, venue_id: venue.id, gate_id: gate.id, product_id: product.id },
    ...{ stalls: event.section_ids[0] as number, floor: event.section_ids[1] as number },
    ...{ seated: ticket_type_ids[0] as number, standing: ticket_type_ids[1] as number },
    items: [
      { ticket_type_id: ticket_type_ids[1], quantity: 1 },
      { product_id: product.id, quantity: 1 },
    ],
    mary: await makeUser(tx, company_id, 'mary@mail.com'),
  };
}
