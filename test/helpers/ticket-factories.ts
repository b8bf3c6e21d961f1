import type { InjectOptions } from 'fastify';
import { insertRow, insertRows } from '../../prisma/seed/rows.ts';
import { inTransaction, type Tx } from '../../src/db/transaction.ts';
import { uuidv7 } from '../../src/uuid.ts';
import { type TestApp, type TestAppOptions, testApp } from './app.ts';
import { makeEvent, seatedSection, standingSection } from './catalogue.ts';
import { type Accounts, accessToken, makeUser } from './factories.ts';

export const HOUR = 3_600_000;
export const fromNow = (ms: number): Date => new Date(Date.now() + ms);

/**
 * buyer: public buy of the web client, without a user; john and mary: its users; stranger: public buy of another client
 * of the web; seller, admin, both: one scope or both, on the web; pos: sell on the other interface.
 */
export type Who = 'buyer' | 'john' | 'mary' | 'stranger' | 'seller' | 'admin' | 'both' | 'pos' | 'reader';

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | number | undefined>;
  // biome-ignore lint/suspicious/noExplicitAny: tests compare what is in it, whatever it is
  body: any;
  raw: Buffer;
}

export interface Call {
  who?: Who;
  body?: unknown;
  headers?: Record<string, string>;
  method?: InjectOptions['method'];
}

export interface NewTicket {
  event_id?: number;
  interface_id?: number;
  ticket_type_id?: number | null | undefined;
  seat_id?: number | undefined;
  section_id?: number;
  /** Whose the ticket and its cart are. */
  user_id?: number;
  client_id?: string;
  cart_status?: string;
  /** One more ticket of a cart that is there. */
  cart_id?: string;
  [column: string]: unknown;
}

export interface TestTicket {
  id: string;
  cart_id: string;
  event_id: number;
}

/** The whole server, with events at whose doors people stand: tickets are written as a paid cart leaves them. */
export interface DoorWorld extends TestApp, Written {
  john: number;
  mary: number;
  call(url: string, more?: Call): Promise<Answer>;
  /** POST /validations by `admin`, for the event of tonight. */
  scan(qr_code: string, more?: Record<string, unknown>, call?: Call): Promise<Answer>;
  ticket(more?: NewTicket): Promise<TestTicket>;
  /** The code of a ticket as its owner would be shown it now. */
  code(ticket: { id: string }): Promise<string>;
  token(who: Who): string;
  /** Runs SQL as an operator would. */
  sql<Row = Record<string, unknown>>(text: string, ...values: unknown[]): Promise<Row[]>;
}

export async function doorWorld(options: TestAppOptions = {}): Promise<DoorWorld> {
  const base = await testApp(options);
  const { app, system, accounts } = base;
  const written = await inTransaction(system.db, (tx) => writeWorld(tx, accounts));
  const mary = await inTransaction(system.db, (tx) => makeUser(tx, accounts.company_id, 'mary@mail.com'));
  const { web, pos, admin } = accounts.clients;
  const { user } = accounts;
  const tokens: Record<Who, string> = {
    reader: await accessToken(system, { client: web, scopes: ['public'] }),
    buyer: await accessToken(system, { client: web }),
    john: await accessToken(system, { client: web, user }),
    mary: await accessToken(system, { client: web, user: mary }),
    stranger: await accessToken(system, { client: admin, scopes: ['public', 'buy'] }),
    seller: await accessToken(system, { client: admin, scopes: ['public', 'sell'] }),
    admin: await accessToken(system, { client: admin, scopes: ['public', 'admin'] }),
    both: await accessToken(system, { client: admin, scopes: ['public', 'sell', 'admin'] }),
    pos: await accessToken(system, { client: pos }),
  };

  const call: DoorWorld['call'] = async (url, { who = 'admin', body, headers, method } = {}) => {
    const answer = await app.inject({
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      url,
      headers: { authorization: `Bearer ${tokens[who]}`, ...headers },
      ...(body !== undefined && { payload: body as object }),
    });
    const json = /json/.test(String(answer.headers['content-type']));
    return {
      status: answer.statusCode,
      headers: answer.headers as Answer['headers'],
      body: json ? answer.json() : undefined,
      raw: answer.rawPayload,
    };
  };

  return {
    ...base,
    ...written,
    john: user.id,
    mary: mary.id,
    call,
    scan: (qr_code, more, options) =>
      call('/validations', { body: { qr_code, event_id: written.tonight.event_id, ...more }, ...options }),
    ticket: (more) => inTransaction(system.db, (tx) => makeTicket(tx, accounts, written.tonight, more)),
    async code({ id }) {
      const [row] = (await system.db.pool.query('SELECT event_id, serial FROM ticket WHERE id = $1', [id]))
        .rows as { event_id: number; serial: number }[];
      const sign = await system.ticketKeys.signer(accounts.company_id);
      return sign({ ticketId: id, eventId: row?.event_id ?? 0, serial: row?.serial ?? 0 });
    },
    token: (who) => tokens[who],
    async sql<Row>(text: string, ...values: unknown[]) {
      return (await system.db.pool.query(text, values)).rows as Row[];
    },
  };
}

type Written = Awaited<ReturnType<typeof writeWorld>>;
type Tonight = Written['tonight'];

async function writeWorld(tx: Tx, { company_id, interfaces }: Accounts) {
  const on = (interface_id: number) => ({ company_id, interface_id });
  const times = { doors_at: fromNow(HOUR), starts_at: fromNow(2 * HOUR), ends_at: fromNow(4 * HOUR) };
  const sections = [seatedSection('Stalls', 2, 10), standingSection('Floor', 500)];
  const event = await makeEvent(tx, on(interfaces.web), sections, { name: 'Tonight <3', ...times });
  const { event_id, section_ids, ticket_type_ids, map_id } = event;
  const gate = async (name: string, of = event_id) =>
    (await insertRow(tx, 'gate', { company_id, event_id: of, name })).id;
  const north = await gate('North');
  const south = await gate('South');
  const type = async (name: string, more: object) =>
    (await insertRow(tx, 'ticket_type', { company_id, event_id, name, price: 0, section_ids, ...more })).id;
  const tomorrow = await makeEvent(tx, on(interfaces.web), [standingSection('Room', 10)], {
    name: 'Tomorrow',
    starts_at: fromNow(24 * HOUR),
  });
  const elsewhere = await makeEvent(tx, on(interfaces.pos), [standingSection('Room', 10)], {
    name: 'Elsewhere',
    ...times,
  });
  return {
    tonight: {
      ...{ event_id, map_id, stalls: section_ids[0] as number, floor: section_ids[1] as number },
      ...{ seated: ticket_type_ids[0] as number, standing: ticket_type_ids[1] as number },
      ...{ north, south },
      again: await type('In and out', { re_entry: true }),
      group: await type('Group of three', { max_entries: 3 }),
      northern: await type('North only', { gate_ids: [north] }),
      later: await type('Late show', { valid_from: fromNow(HOUR), valid_until: fromNow(9 * HOUR) }),
      early: await type('Matinée', { valid_from: fromNow(-3 * HOUR), valid_until: fromNow(-HOUR) }),
    },
    tomorrow: { ...tomorrow, gate: await gate('West', tomorrow.event_id) },
    elsewhere,
  };
}

/** A ticket of a paid cart; of tonight's standing room unless said otherwise. */
export async function makeTicket(
  tx: Tx,
  { company_id, interfaces, clients }: Accounts,
  tonight: Tonight,
  options: NewTicket = {},
): Promise<TestTicket> {
  const {
    interface_id = interfaces.web,
    event_id = tonight.event_id,
    ticket_type_id = tonight.standing,
    client_id = clients.web.id,
    cart_status = 'paid',
    user_id = null,
    cart_id = uuidv7(),
    section_id = tonight.floor,
    ...more
  } = options;
  if (!options.cart_id)
    await insertRows(tx, 'cart', [
      {
        ...{ company_id, id: cart_id, interface_id, client_id, user_id, status: cart_status },
        ...{ currency: 'EUR', line_count: 1, expires_at: fromNow(HOUR) },
      },
    ]);
  const id = uuidv7();
  await insertRows(tx, 'ticket', [
    {
      ...{
        company_id,
        id,
        event_id,
        ticket_type_id,
        cart_id,
        sale_detail_id: uuidv7(),
        interface_id,
        section_id,
      },
      ...{ user_id, ...more },
    },
  ]);
  return { id, cart_id, event_id };
}
