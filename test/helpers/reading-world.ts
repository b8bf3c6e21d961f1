import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { insertRow, insertRows } from '../../prisma/seed/rows.ts';
import { writeReference } from '../../prisma/seed/write-reference.ts';
import type { Scope } from '../../src/context.ts';
import { statement } from '../../src/db/client.ts';
import { inTransaction, type Tx } from '../../src/db/transaction.ts';
import { publishEvent } from '../../src/services/inventory/publish.ts';
import { importMap, type SectionImport } from '../../src/services/maps/import.ts';
import type { System } from '../../src/system.ts';
import { testApp } from './app.ts';
import { mapOf, seatedSection, standingSection } from './catalogue.ts';
import { type Accounts, accessToken } from './factories.ts';

export const DAY = 86_400_000;
export const fromNow = (ms: number): Date => new Date(Date.now() + ms);

export interface Answer {
  status: number;
  headers: LightMyRequestResponse['headers'];
  // biome-ignore lint/suspicious/noExplicitAny: tests compare what is in it, whatever it is
  body: any;
  text: string;
}

/** Tokens by what they may do: on the interface web, but `pos`, which sells on its own. */
type Who = 'reader' | 'seller' | 'admin' | 'pos';

/** A company with every kind of event, and readers of every kind, through the whole server. */
export interface ReadingWorld extends Written {
  app: FastifyInstance;
  system: System;
  accounts: Accounts;
  /** What was logged as an error. */
  errors: Record<string, unknown>[];
  get(url: string, who?: Who, headers?: Record<string, string>): Promise<Answer>;
  token(who: Who): string;
  /** Runs SQL as an operator would. */
  sql<Row = Record<string, unknown>>(text: string, ...values: unknown[]): Promise<Row[]>;
  /** What is published as bytes, and what is remembered of stock: forgotten. */
  forget(): void;
  close(): Promise<void>;
}

export async function readingWorld(): Promise<ReadingWorld> {
  const { app, system, accounts, errors, close } = await testApp();
  const written = await inTransaction(system.db, (tx) => writeWorld(tx, accounts));
  const { web, pos, admin } = accounts.clients;
  const of = (client: typeof web, scopes: Scope[]) => accessToken(system, { client, scopes });
  const tokens: Record<Who, string> = {
    reader: await of(web, ['public', 'buy']),
    seller: await of(admin, ['public', 'sell']),
    admin: await of(admin, ['public', 'admin']),
    pos: await of(pos, ['public']),
  };
  return {
    ...{ app, system, accounts, errors, close, ...written },
    token: (who) => tokens[who],
    async get(url, who = 'reader', headers = {}) {
      const authorization = `Bearer ${tokens[who]}`;
      const answer = await app.inject({ url, headers: { authorization, ...headers } });
      const json = /json/.test(String(answer.headers['content-type']));
      return {
        status: answer.statusCode,
        headers: answer.headers,
        body: json ? answer.json() : undefined,
        text: answer.body,
      };
    },
    async sql<Row>(text: string, ...values: unknown[]) {
      return (await system.db.pool.query(text, values)).rows as Row[];
    },
    forget() {
      system.published.clear();
      system.stock.clear();
    },
  };
}

type Written = Awaited<ReturnType<typeof writeWorld>>;

async function writeWorld(tx: Tx, { company_id, interfaces }: Accounts) {
  await writeReference(tx);
  const category = await insertRow(tx, 'category', {
    ...{ company_id, code: 'opera', name: { en: 'Opera', es: 'Ópera', pt: 'Ópera' } },
  });
  const venue = await insertRow(tx, 'venue', {
    ...{ company_id, name: 'Teatro Colón', line1: 'Cerrito 628', city: 'Córdoba', postal_code: '1010' },
    ...{ country_id: 46, state_id: 530, time_zone: 'Europe/Madrid', latitude: 40.5, longitude: -3.25 },
  });
  const common = { company_id, interface_id: interfaces.web };
  const small = (name: string, more: object = {}, on = interfaces.web) =>
    writeEvent(tx, { company_id, interface_id: on }, [standingSection('Room', 10)], { name, ...more });
  const other = await insertRow(tx, 'company', { name: 'Another company' });
  const foreign = await insertRow(tx, 'interface', {
    ...{ company_id: other.id, name: 'Web', currency: 'USD', time_zone: 'UTC' },
  });
  return {
    ...{ company_id, web: interfaces.web, category_id: category.id, venue_id: venue.id },
    opera: await writeOpera(tx, common, { category_id: category.id, venue_id: venue.id }),
    /** Starts in 40 days; sales start tomorrow. */
    scheduled: await small('Ñandú Festival 100%', {
      ...{ starts_at: fromNow(40 * DAY), sales_start: fromNow(DAY), popularity: 5, seating: 'general' },
    }),
    paused: await small('Paused', { starts_at: fromNow(50 * DAY), status: 'paused' }),
    cancelled: await small('Cancelled', { starts_at: fromNow(60 * DAY), status: 'cancelled' }),
    /** Is over, though nobody has told its status yet. */
    over: await small('Over', { starts_at: fromNow(-2 * DAY), ends_at: fromNow(-DAY) }),
    draft: await small('Draft', { starts_at: fromNow(70 * DAY), status: 'draft' }),
    elsewhere: await small('Elsewhere', {}, interfaces.pos),
    foreign: await writeEvent(
      tx,
      { company_id: other.id, interface_id: foreign.id },
      [standingSection('Room', 10)],
      {
        name: 'Foreign',
      },
    ),
  };
}

type On = { company_id: number; interface_id: number };

async function writeEvent(tx: Tx, on: On, sections: SectionImport[], more: Record<string, unknown>) {
  const { company_id } = on;
  const map = { ...mapOf(...sections), name: 'Great <hall> & "stage"' };
  const { map_id, section_ids } = await importMap(tx, company_id, map);
  const { status = 'published', ...columns } = more;
  const event = await insertRow(tx, 'event', {
    ...{ company_id, slug: `event-${map_id}`, search_text: searchText(String(more.name)), seating: 'mixed' },
    ...{ currency: 'EUR', time_zone: 'Europe/Madrid', starts_at: fromNow(30 * DAY), ...columns },
  });
  await insertRows(tx, 'event_map', [{ company_id, event_id: event.id, map_id }]);
  await insertRows(tx, 'event_interface', [{ event_id: event.id, ...on }]);
  const type = await insertRow(tx, 'ticket_type', {
    ...{ company_id, event_id: event.id, name: 'Entry', price: 1_000, section_ids: [section_ids.at(-1)] },
  });
  if (status !== 'draft') await publishEvent(tx, company_id, event.id);
  if (status !== 'draft' && status !== 'published') await tx.execute(SET_STATUS, [event.id, status]);
  return { event_id: event.id, map_id, section_ids, type: type.id };
}

const SET_STATUS = statement(
  'test_set_status',
  'UPDATE event SET status = $2::event_status, updated_at = now() WHERE id = $1',
);
const SEATS = statement(
  'test_seats_by_label',
  `SELECT s.id, r.label || s.number AS label FROM seat s
   JOIN seat_row r ON r.company_id = s.company_id AND r.id = s.row_id WHERE s.map_id = $1`,
);

/** As the writers of events are to make it: without accents, in lower case. */
const searchText = (text: string): string =>
  text
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase();

/**
 * Stalls of rows A and B with 10 seats (B9 is accessible, B10 its companion) and a standing gallery of 40 places.
 * It sells on web with 25 more of fee, and on no other interface.
 */
async function writeOpera(tx: Tx, on: On, more: object) {
  const stalls = seatedSection('Stalls <left>', 2, 10);
  const seats = stalls.rows[1]?.seats;
  if (!seats?.[8] || !seats[9]) throw new Error('row B has ten seats');
  seats[8].accessible = true;
  seats[9].companion_of = seats[8].number;
  const gallery = standingSection('Gallery', 40);
  gallery.shape = [
    [0, 50],
    [100, 50],
    [100, 90],
    [0, 90],
  ];
  const made = await writeEvent(tx, on, [stalls, gallery], {
    ...{ name: 'Ópera de Cámara', description: 'An evening', popularity: 9, max_per_cart: 12 },
    ...{ search_text: searchText('Ópera de Cámara Teatro Colón Córdoba') },
    ...{ translations: { es: { name: 'La ópera', description: 'Una velada' }, pt: { name: 'A ópera' } } },
    ...more,
  });
  const { event_id, map_id, section_ids, type: entry } = made;
  const { company_id, interface_id } = on;
  await tx.execute(EXTRA_FEE, [event_id, interface_id]);
  const [stalls_id, gallery_id] = section_ids as [number, number];
  const type = async (name: string, columns: object): Promise<number> => {
    const row = { company_id, event_id, name, section_ids: [stalls_id], ...columns };
    return (await insertRow(tx, 'ticket_type', row)).id;
  };
  const types = {
    /** 80.00, fee 1.00 and 5 % and 0.25 of the interface, tax of 21 % inside. */
    seat: await type('Seat', {
      ...{ position: 1, price: 8_000, fee_fixed: 100, fee_rate: 500, tax_rate: 2_100, max_per_cart: 6 },
      ...{ translations: { es: { name: 'Butaca' } }, description: 'Any seat' },
    }),
    /** 30.00 while the phase runs, of which there are 5; tax of 10 % on top; the organiser bears the fee. */
    gallery: await type('Gallery', {
      ...{ position: 2, price: 4_000, section_ids: [gallery_id], capacity: 5, tax_rate: 1_000 },
      ...{ tax_inclusive: false, fee_fixed: 300, fee_payer: 'organiser', sales_end: fromNow(10 * DAY) },
    }),
    /** Hidden until VIP is applied. */
    vip: await type('Patrons', { position: 3, price: 20_000, access_code_required: true }),
  };
  await tx.execute(DROP_TYPE, [entry]);
  const phase = { company_id, ticket_type_id: types.gallery, name: 'early bird', price: 3_000 };
  await insertRow(tx, 'price_phase', { ...phase, ends_at: fromNow(DAY) });
  const product = async (name: string, columns: object): Promise<number> =>
    (await insertRow(tx, 'product', { company_id, event_id, name, ...columns })).id;
  const products = {
    programme: await product('Programme', { position: 1, price: 500, capacity: 20, max_per_cart: 2 }),
    parking: await product('Parking', { position: 2, price: 1_000, fee_fixed: 50 }),
  };
  for (const [code, columns] of Object.entries({
    SAVE10: { kind: 'percentage', value: 1_000, max_uses: 10, used: 3, held: 1 },
    Vip: { kind: 'access', ticket_type_ids: [types.vip] },
    SPENT: { kind: 'fixed', value: 100, max_uses: 2, used: 1, held: 1 },
    LATER: { kind: 'fixed', value: 100, starts_at: fromNow(DAY) },
    OLD: { kind: 'fixed', value: 100, ends_at: fromNow(-DAY) },
    OFF: { kind: 'fixed', value: 100, active: false },
  }))
    await insertRow(tx, 'code', { company_id, event_id, code, ...columns });
  await insertRows(tx, 'gate', [
    { company_id, event_id, name: 'South', zone: null },
    { company_id, event_id, name: 'North', zone: 'A' },
  ]);
  const labels = await tx.query<{ id: number; label: string }>(SEATS, [map_id]);
  return {
    ...{ event_id, map_id, stalls: stalls_id, gallery_id, ...types, ...products },
    /** Seat ids by label: A1 … B10. */
    seats: Object.fromEntries(labels.map(({ id, label }) => [label, id])) as Record<string, number>,
  };
}

const EXTRA_FEE = statement(
  'test_extra_fee',
  'UPDATE event_interface SET extra_fee = 25 WHERE event_id = $1 AND interface_id = $2',
);
const DROP_TYPE = statement('test_drop_type', 'DELETE FROM ticket_type WHERE id = $1');
