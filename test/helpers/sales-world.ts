import pino from 'pino';
import { insertRow, insertRows } from '../../prisma/seed/rows.ts';
import { readConfig } from '../../src/config.ts';
import type { Context, SalesChannel } from '../../src/context.ts';
import { statement } from '../../src/db/client.ts';
import { inTransaction, type Tx } from '../../src/db/transaction.ts';
import { sweep } from '../../src/services/carts/expire.ts';
import { createSystem, type System } from '../../src/system.ts';
import { makeEvent, seatedSection, standingSection } from './catalogue.ts';
import { type Caller, channelOf, contextOf } from './context.ts';
import { makeDatabase } from './database.ts';
import { makeInterface } from './factories.ts';
import type { Festival, Theatre } from './sales-places.ts';
import { deadlocks } from './stock-audit.ts';

export type { Festival, Theatre } from './sales-places.ts';

export const DAY = 86_400_000;
export const fromNow = (ms: number): Date => new Date(Date.now() + ms);

/** A system of its own on a database: what one server process is. */
export const makeSystem = (url: string, poolSize = 16, env: Record<string, string> = {}): System =>
  createSystem(
    readConfig({ LOG_LEVEL: 'silent', DATABASE_POOL: String(poolSize), BCRYPT_COST: '4', ...env }),
    pino({ level: process.env.TEST_LOG ?? 'silent' }),
    url,
  );

export interface SalesWorld {
  system: System;
  url: string;
  company_id: number;
  /** Both sell every event but `elsewhere`, which sells on `pos` alone. `pos` adds 50 to the fee of a ticket. */
  web: SalesChannel;
  pos: SalesChannel;
  ana: number;
  ben: number;
  /** A companion of Ana's. */
  guest: number;
  festival: Festival;
  theatre: Theatre;
  /** In US dollars. */
  abroad: { event_id: number; type: number };
  /** Sells on `pos` alone. */
  elsewhere: { event_id: number; type: number };
  buyer(more?: Partial<Caller>): Context;
  seller(more?: Partial<Caller>): Context;
  /** Server processes of their own on the same database: nothing but PostgreSQL stands between them. */
  processes(count: number, poolSize?: number): System[];
  /** Ends them, and gives how many deadlocks PostgreSQL has had to break in this database until then. */
  endProcesses(): Promise<number>;
  /** Lets the holds of the given carts, or of all, run out: moves their end into the past. Sweeps nothing. */
  lapse(...cart_ids: string[]): Promise<void>;
  /** Ends every cart that holds something, so that the next test finds the shelves full. */
  clear(): Promise<void>;
  /** Runs SQL as an operator would. */
  sql<Row = Record<string, unknown>>(text: string, ...values: unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

export const CODES = {
  TENOFF: { kind: 'percentage', value: 1_000 },
  FIVER: { kind: 'fixed', value: 500, stackable: true },
  STACK: { kind: 'percentage', value: 2_000, stackable: true },
  FLAT: { kind: 'price_override', value: 3_000 },
  KIDS: { kind: 'percentage', value: 5_000 },
  SECRET: { kind: 'access' },
  ONCE: { kind: 'percentage', value: 1_000, max_uses: 1 },
  MINE: { kind: 'percentage', value: 1_000, max_uses_per_user: 1 },
  LATE: { kind: 'percentage', value: 1_000, starts_at: fromNow(DAY) },
  GONE: { kind: 'percentage', value: 1_000, ends_at: fromNow(-DAY) },
  OFF: { kind: 'percentage', value: 1_000, active: false },
  DEAR: { kind: 'price_override', value: 9_000 },
  Mixed: { kind: 'fixed', value: 100 },
} as const;

const LAPSE = [
  `UPDATE cart SET expires_at = now() - interval '1 second'
   WHERE status IN ('open', 'pending_payment') AND ($1::uuid[] IS NULL OR id = ANY($1))`,
  `UPDATE event_seat SET hold_expires_at = now() - interval '1 second', version = pg_current_xact_id()::text::bigint
   WHERE status = 'held' AND ($1::uuid[] IS NULL OR cart_id = ANY($1))`,
];

/** A company with four events, two interfaces and two users, in a database of its own. */
export async function salesWorld(): Promise<SalesWorld> {
  const { url, drop } = await makeDatabase();
  const system = makeSystem(url);
  const others: System[] = [];
  const endOthers = () => Promise.all(others.splice(0).map((each) => each.close()));
  const made = await inTransaction(system.db, writeWorld);
  const [web, pos] = await Promise.all(made.interfaces.map((id) => channelOf(system, id)));
  if (!web || !pos) throw new Error('two interfaces were made');
  const lapse = async (...cart_ids: string[]) => {
    const values = [cart_ids.length ? cart_ids : null];
    for (const text of LAPSE) await system.db.pool.query(text, values);
  };
  return {
    ...made,
    ...{ system, url, web, pos },
    buyer: (more) => contextOf(system, { interface: web, ...more }),
    seller: (more) =>
      contextOf(system, { interface: web, scopes: ['public', 'sell'], client_id: 'office', ...more }),
    processes(count, poolSize = 2) {
      const made = Array.from({ length: count }, () => makeSystem(url, poolSize));
      others.push(...made);
      return made;
    },
    async endProcesses() {
      await endOthers(); // a connection that ends tells what it has counted
      return deadlocks(system);
    },
    lapse,
    async clear() {
      await lapse();
      while (await sweep(system));
    },
    async sql<Row>(text: string, ...values: unknown[]) {
      return (await system.db.pool.query(text, values)).rows as Row[];
    },
    async close() {
      await endOthers();
      await system.close();
      await drop();
    },
  };
}

async function writeWorld(tx: Tx) {
  const { id: company_id } = await insertRow(tx, 'company', { name: 'Acme' });
  const web = await makeInterface(tx, company_id, 'web');
  const pos = await makeInterface(tx, company_id, 'box_office');
  const both = { company_id, web, pos };
  const [ana, ben] = [await writeUser(tx, company_id, 'ana'), await writeUser(tx, company_id, 'ben')];
  const guest = await insertRow(tx, 'guest', {
    ...{ company_id, user_id: ana, first_name: 'Carla', last_name: 'Gil', email: 'carla@mail.com' },
    document_number: '44',
  });
  return {
    company_id,
    interfaces: [web, pos],
    ana,
    ben,
    guest: guest.id,
    festival: await writeFestival(tx, both),
    theatre: await writeTheatre(tx, both),
    abroad: await writeSmall(tx, both, [web, pos], { currency: 'USD' }),
    elsewhere: await writeSmall(tx, both, [pos], {}),
  };
}

async function writeUser(tx: Tx, company_id: number, name: string): Promise<number> {
  const email = `${name}@mail.com`;
  const row = { company_id, email, email_key: email, password_hash: '-', first_name: name, last_name: 'Roe' };
  return (await insertRow(tx, 'user_account', row)).id;
}

type Both = { company_id: number; web: number; pos: number };

async function sellOnPos(tx: Tx, { company_id, pos }: Both, event_id: number): Promise<void> {
  await insertRows(tx, 'event_interface', [{ company_id, event_id, interface_id: pos, extra_fee: 50 }]);
}

async function writeFestival(tx: Tx, both: Both): Promise<Festival> {
  const { company_id, web } = both;
  const { event_id, section_ids, ticket_type_ids } = await makeEvent(
    tx,
    { company_id, interface_id: web },
    [standingSection('Floor', 20), standingSection('Balcony', 5)],
    { name: 'Festival', max_per_cart: 12 },
  );
  const [floor, balcony] = section_ids as [number, number];
  await dropTypes(tx, ticket_type_ids);
  await sellOnPos(tx, both, event_id);
  const type = ofEvent(tx, { company_id, event_id, section_ids });
  const plain = { fee_fixed: 0, fee_rate: 0, tax_rate: 0 };
  const adult = { price: 5_000, fee_fixed: 100, fee_rate: 500, tax_rate: 2_100, tax_inclusive: true };
  const types = {
    adult: await type('adult', { ...adult, max_per_cart: 8 }),
    child: await type('child', { ...plain, price: 2_500, capacity: 3, max_per_cart: 5 }),
    hidden: await type('hidden', { ...plain, price: 1_000, access_code_required: true }),
    limited: await type('limited', { ...plain, price: 4_000, max_per_user: 2 }),
    pair: await type('pair', { ...plain, price: 3_000, min_per_cart: 2, max_per_cart: 4 }),
    early: await type('early', { ...plain, price: 6_000 }),
    later: await type('later', { ...plain, price: 5_000, sales_start: fromNow(DAY) }),
    pit: await type('pit', { price: 5_000, tax_rate: 1_000, tax_inclusive: false, section_ids: [floor] }),
  };
  const phase = { name: 'early bird', price: 4_500, ends_at: fromNow(DAY) };
  await insertRow(tx, 'price_phase', { company_id, ticket_type_id: types.early, ...phase });
  const product = (name: string, more: object) =>
    insertRow(tx, 'product', { company_id, event_id, name, ...more }).then((row) => row.id);
  const codes: Partial<Festival['codes']> = {};
  for (const [code, more] of Object.entries(CODES)) {
    const ticket_type_ids = { SECRET: [types.hidden], KIDS: [types.child] }[code] ?? [];
    const row = await insertRow(tx, 'code', { company_id, event_id, code, ticket_type_ids, ...more });
    codes[code as keyof typeof CODES] = row.id;
  }
  return {
    ...{ event_id, floor, balcony },
    ...types,
    shirt: await product('shirt', { price: 1_500, capacity: 4, max_per_cart: 3 }),
    parking: await product('parking', { price: 800, fee_fixed: 20 }),
    codes: codes as Festival['codes'],
  };
}

/** Writes ticket types of one event. */
const ofEvent =
  (tx: Tx, common: { company_id: number; event_id: number; section_ids: number[] }) =>
  async (name: string, more: object): Promise<number> =>
    (await insertRow(tx, 'ticket_type', { ...common, name, ...more })).id;

/** Of the event that the catalogue helper made, only the map and its stock are of use here. */
const dropTypes = (tx: Tx, ids: number[]) =>
  tx.execute(statement('test_drop_types', 'DELETE FROM ticket_type WHERE id = ANY($1::int[])'), [ids]);

const SEATS = statement(
  'test_seats',
  `SELECT s.id, r.label || s.number AS label FROM seat s
   JOIN seat_row r ON r.company_id = s.company_id AND r.id = s.row_id WHERE s.map_id = $1`,
);

async function writeTheatre(tx: Tx, both: Both): Promise<Theatre> {
  const { company_id, web } = both;
  const boxes = seatedSection('Boxes', 1, 10, 60);
  const row = boxes.rows[0];
  if (!row?.seats[8] || !row.seats[9]) throw new Error('row F has ten seats');
  row.label = 'F';
  row.seats[8].accessible = true;
  row.seats[9].companion_of = row.seats[8].number;
  const { event_id, map_id, section_ids, ticket_type_ids } = await makeEvent(
    tx,
    { company_id, interface_id: web },
    [seatedSection('Stalls', 5, 10), boxes],
    { name: 'Theatre', seating: 'seated' },
  );
  const [stalls, boxesId] = section_ids as [number, number];
  await dropTypes(tx, ticket_type_ids);
  await sellOnPos(tx, both, event_id);
  const type = ofEvent(tx, { company_id, event_id, section_ids });
  const labels = await tx.query<{ id: number; label: string }>(SEATS, [map_id]);
  const common = { company_id, event_id };
  await insertRow(tx, 'code', {
    ...common,
    code: 'SEATS',
    kind: 'percentage',
    value: 1_000,
    ticket_type_ids: [],
  });
  return {
    ...{ event_id, map_id, stalls, boxes: boxesId },
    stall: await type('stall', { price: 8_000, max_per_cart: 10 }),
    box: await type('box', { price: 9_000, section_ids: [boxesId] }),
    seats: Object.fromEntries(labels.map(({ id, label }) => [label, id])),
    programme: (await insertRow(tx, 'product', { ...common, name: 'programme', price: 500, capacity: 10 }))
      .id,
  };
}

/** One general section of 10 places and one type, on the given interfaces. */
async function writeSmall(tx: Tx, both: Both, interfaces: number[], more: object) {
  const { company_id } = both;
  const [first, ...rest] = interfaces;
  const { event_id, ticket_type_ids } = await makeEvent(
    tx,
    { company_id, interface_id: first as number },
    [standingSection('Room', 10)],
    { name: 'Small', ...more },
  );
  await insertRows(
    tx,
    'event_interface',
    rest.map((interface_id) => ({ company_id, event_id, interface_id })),
  );
  return { event_id, type: ticket_type_ids[0] as number };
}
