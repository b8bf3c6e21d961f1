import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countGrown } from '../../src/db/growth.ts';
import { sweep } from '../../src/services/carts/expire.ts';
import { openCart } from '../../src/services/carts/hold.ts';
import { getCart } from '../../src/services/carts/read.ts';
import { countStock } from '../../src/services/events/stock.ts';
import { readChanges } from '../../src/services/feed/read.ts';
import { findUsedKey } from '../../src/services/idempotency.ts';
import { BEGINNING, lookAt } from '../../src/services/maps/look.ts';
import { findSession, openSession, rotateRefreshToken } from '../../src/services/oauth/sessions.ts';
import type { KnownClient } from '../../src/services/oauth/snapshot.ts';
import { pay } from '../../src/services/payments/pay.ts';
import { listPayments } from '../../src/services/payments/read.ts';
import { getPlace } from '../../src/services/queue/place.ts';
import { getTicket, listCartTickets } from '../../src/services/tickets/read.ts';
import { getMe } from '../../src/services/users/read.ts';
import { joinWaitlist } from '../../src/services/waitlist/join.ts';
import { getEntry, listEntries } from '../../src/services/waitlist/read.ts';
import { queueWorld } from '../helpers/queues.ts';
import { type SalesWorld, salesWorld } from '../helpers/sales-world.ts';
import { soldOut } from '../helpers/waitlist.ts';

// What buyers ask again and again reads a few rows, however many there are: also where PostgreSQL has counted tables while
// they were all but empty, and made its plans by that. It takes both that connections go by key and that tables are counted
// again as soon as they have grown: without the first, plans scan; without the second, they take the wrong index.

const MORE = 5_000;
const ROUNDS = 10;
/** Rows and entries of indexes, a round. */
const FEW = 100;

let world: SalesWorld;
const asked: Record<string, () => Promise<unknown>> = {};

beforeAll(async () => {
  world = await salesWorld();
  world.system.db.pool.options.max = 2; // each has its plans
  const { system, company_id, festival, theatre } = world;
  const page = { page: 1, per_page: 20, limit: 20, offset: 0 };
  const ana = world.buyer({ user_id: world.ana });
  const items = [{ ticket_type_id: festival.adult, quantity: 1 }];

  const { id: cart_id } = await openCart(ana, { items });
  await pay(world.seller(), cart_id, { method: 'cash' });
  const { items: tickets } = await listCartTickets(ana, cart_id, page);
  const full = await soldOut(world, [1]);
  const entry = await joinWaitlist(ana, full.event_id, { party_size: 1 });
  const gate = queueWorld(world);
  await gate.set();
  const [place] = await gate.come(['v']);
  const place_id = place?.id as string;
  await openCart(world.buyer({ key: 'sent' }), { items, queue_place_ids: [place_id] });
  const client = { id: 'web', company_id } as KnownClient;
  const open = () => openSession(system, client, { id: world.ana, password_hash: '-' }, new Set(['buy']));
  const session = await open();
  const token = session?.refresh_token as string;
  const { moment } = await lookAt(system, company_id, theatre.event_id, theatre.map_id, BEGINNING);
  const feed = await readChanges(ana, 0, { types: null, interface_id: null }, 100);

  Object.assign(asked, {
    'a place of a queue': () => getPlace(ana, festival.event_id, place_id),
    'a hold without a pass': () => openCart(ana, { items }).catch(() => {}),
    'a hold under a pass': () =>
      openCart(world.buyer(), { items, queue_place_ids: [place_id] }).catch(() => {}),
    'a cart': () => getCart(ana, cart_id),
    'payments of a cart': () => listPayments(ana, cart_id, page),
    'tickets of a cart': () => listCartTickets(ana, cart_id, page),
    'a ticket': () => getTicket(ana, tickets[0]?.id as string),
    'what is left of events': () => countStock(system.db, company_id, [full.event_id]),
    'what has changed on a map': () => lookAt(system, company_id, theatre.event_id, theatre.map_id, moment),
    'new changes': () => readChanges(ana, feed.next, { types: null, interface_id: null }, 100),
    'an entry of a waiting list': () => getEntry(ana, full.event_id, entry.id),
    'the entries of a user': () => listEntries(ana, full.event_id, {}, page),
    'a user': () => getMe(ana),
    'a key that was used': () => findUsedKey(ana, 'sent'),
    'a refresh token': () => findSession(system, token),
    'a refresh token that is spent': () => rotateRefreshToken(system, 'another'),
    'carts that have run out': () => sweep(system),
  });
}, 60_000);
afterAll(() => world.close());

/** Gives a table so many more rows like those that it has. Ids that lead to each other still do, in the copies. */
async function grow(table: string, changes: Record<string, string> = {}): Promise<void> {
  const columns = await world.sql<{ name: string; type: string }>(
    `SELECT attname AS name, format_type(atttypid, NULL) AS type FROM pg_attribute
     WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''`,
    table,
  );
  const copy = ({ name, type }: { name: string; type: string }) =>
    changes[name] ?? (type === 'uuid' ? `md5(o.${name}::text || n)::uuid` : `o."${name}"`);
  await world.sql(
    `INSERT INTO ${table} (${columns.map(({ name }) => `"${name}"`).join(', ')})
     SELECT ${columns.map(copy).join(', ')}
     FROM (SELECT * FROM ${table} LIMIT 1) AS o, generate_series(1, ${MORE}) AS n`,
  );
}

/** Rows and entries of indexes that PostgreSQL has read so far in this database. */
async function read(): Promise<number> {
  const { pool } = world.system.db;
  const clients = await Promise.all(Array.from({ length: pool.totalCount }, () => pool.connect()));
  await Promise.all(clients.map((client) => client.query('SELECT pg_stat_force_next_flush()')));
  for (const client of clients) client.release();
  const [row] = await world.sql<{ n: number }>(
    `SELECT ((SELECT sum(seq_tup_read) FROM pg_stat_user_tables WHERE schemaname = 'public')
       + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE schemaname = 'public'))::int AS n`,
  );
  return row?.n as number;
}

describe('what is asked again and again reads a few rows, though all was counted and planned while tables were empty', () => {
  beforeAll(async () => {
    await world.sql('ANALYZE');
    for (const ask of Object.values(asked)) await Promise.all([ask(), ask(), ask(), ask()]);
    const of = { user_id: String(world.ben) };
    await grow('user_account', { id: '1000000 + n', email: "'x' || n", email_key: "'x' || n" });
    await grow('session', of);
    await grow('refresh_token', { hash: 'sha256(n::text::bytea)' });
    await grow('idempotency_key', { key: "'x' || n" });
    await grow('cart', of);
    await grow('sale_detail');
    await grow('payment');
    await grow('ticket', of);
    await grow('waitlist_entry', { ...of, person: "'x' || n", line: '1000000 + n' });
    await grow('queue_place', {
      caller: "'x' || n",
      rank: '1000 + n',
      status: "'waiting'",
      admitted_at: 'NULL',
      pass_expires_at: 'NULL',
    });
    await grow('queue_entry');
    await world.sql('UPDATE queue_interface SET tail = tail + $1', MORE);
    await grow('change', { sequence: '1000000 + n' });
    await grow('feed_entry', { sequence: '-n' });
    await countGrown(world.system.db);
  }, 60_000);

  it('counts nothing again that has not grown', async () => {
    expect(await countGrown(world.system.db)).toEqual([]);
  });

  it.each([
    'a place of a queue',
    'a hold without a pass',
    'a hold under a pass',
    'a cart',
    'payments of a cart',
    'tickets of a cart',
    'a ticket',
    'what is left of events',
    'what has changed on a map',
    'new changes',
    'an entry of a waiting list',
    'the entries of a user',
    'a user',
    'a key that was used',
    'a refresh token',
    'a refresh token that is spent',
    'carts that have run out',
  ])('%s', async (name) => {
    const before = await read();
    for (let i = 0; i < ROUNDS; i++) await asked[name]?.();
    expect(((await read()) - before) / ROUNDS).toBeLessThan(FEW);
  });
});
