import { createHash, randomBytes } from 'node:crypto';
import { inTransaction } from '../src/db/transaction.ts';
import { publishEvent } from '../src/services/inventory/publish.ts';
import { importMap } from '../src/services/maps/import.ts';
import type { System } from '../src/system.ts';

/** What the paths of the bench need to know. */
export interface World {
  client_id: string;
  client_secret: string;
  /** A seated event for reads and for best available: half of its 50,000 seats are sold. */
  reading: { event_id: number; map_id: number };
  /** Events whose chosen seats are sold under load, one a round, and their seats in random order. */
  seated: Sellable[];
  /** The same again for the reference, which must not touch the first ones' rows. */
  reference: Sellable;
  /** One general-admission section; nobody runs out of it. */
  flash: { event_id: number; ticket_type_id: number; section_id: number };
  flashReference: { event_id: number; section_id: number };
  best: { event_id: number; ticket_type_id: number };
}

export interface Sellable {
  event_id: number;
  ticket_type_id: number;
  seat_ids: number[];
}

const COMPANY = 1;
const ROWS = 125;
const SEATS_A_ROW = 400;

/** Makes a company with events of the sizes that the budget names. */
export async function makeWorld(system: System, rounds: number): Promise<World> {
  const sql = (text: string, values: unknown[] = []) => system.db.pool.query(text, values);
  const client_secret = randomBytes(32).toString('base64url');
  await sql(`INSERT INTO company (id, name) VALUES ($1, 'Bench')`, [COMPANY]);
  await sql(`INSERT INTO currency (code, numeric, name, digits) VALUES ('EUR', '978', 'Euro', 2)`);
  await sql(
    `INSERT INTO interface (company_id, id, name, kind, currency, time_zone, hold_seconds)
     VALUES ($1, 1, 'Bench', 'web', 'EUR', 'UTC', 3600)`,
    [COMPANY],
  );
  await sql(
    `INSERT INTO client (company_id, id, name, secret_hash, scopes, default_interface_id, rate_limit)
     VALUES ($1, 'bench', 'Bench', $2, '{public,buy,sell,admin}', 1, 2000000000)`,
    [COMPANY, createHash('sha256').update(client_secret).digest('hex')],
  );
  await sql('UPDATE auth_revision SET revision = revision + 1');

  const event = async (name: string, seats: boolean, capacity: number) => {
    const map = await inTransaction(system.db, (tx) =>
      importMap(tx, COMPANY, stadium(name, seats, capacity)),
    );
    const { rows } = await sql(
      `INSERT INTO event (company_id, name, slug, seating, currency, time_zone, starts_at, ends_at, max_per_cart)
       VALUES ($1, $2, $2, $3, 'EUR', 'UTC', now() + interval '90 days', now() + interval '91 days', 100) RETURNING id`,
      [COMPANY, name, seats ? 'seated' : 'general'],
    );
    const event_id = rows[0].id as number;
    await sql('INSERT INTO event_interface (company_id, event_id, interface_id) VALUES ($1, $2, 1)', [
      COMPANY,
      event_id,
    ]);
    await sql('INSERT INTO event_map (company_id, event_id, map_id) VALUES ($1, $2, $3)', [
      COMPANY,
      event_id,
      map.map_id,
    ]);
    const type = await sql(
      `INSERT INTO ticket_type (company_id, event_id, name, price, fee_rate, tax_rate, section_ids)
       VALUES ($1, $2, 'Full price', 5000, 500, 1900, $3) RETURNING id`,
      [COMPANY, event_id, map.section_ids],
    );
    await inTransaction(system.db, (tx) => publishEvent(tx, COMPANY, event_id));
    const ids = await sql('SELECT seat_id FROM event_seat WHERE company_id = $1 AND event_id = $2', [
      COMPANY,
      event_id,
    ]);
    return {
      event_id,
      map_id: map.map_id,
      section_id: map.section_ids[0] as number,
      ticket_type_id: type.rows[0].id as number,
      seat_ids: shuffled(ids.rows.map((row) => row.seat_id as number)),
    };
  };

  const reading = await event('reading', true, 0);
  const best = await event('best', true, 0);
  for (const { event_id } of [reading, best])
    await sql(
      `UPDATE event_seat SET status = 'sold', cart_id = gen_random_uuid(), ticket_id = gen_random_uuid()
       WHERE company_id = $1 AND event_id = $2 AND seat_id % 2 = hashint4(seat_id / 7) % 2`,
      [COMPANY, event_id],
    );
  const world = {
    client_id: 'bench',
    client_secret,
    reading,
    best,
    seated: await sequentially(rounds, (round) => event(`seated ${round}`, true, 0)),
    reference: await event('reference', true, 0),
    flash: await event('flash', false, 50_000_000),
    flashReference: await event('flash reference', false, 50_000_000),
  };
  for (let i = 1; i <= 30; i++) await event(`other ${i}`, false, 100);
  await sql('CREATE TABLE bench_seat (n int PRIMARY KEY, seat_id int)');
  await sql(
    'INSERT INTO bench_seat SELECT n, seat_id FROM unnest($1::int[]) WITH ORDINALITY AS s (seat_id, n)',
    [world.reference.seat_ids],
  );
  await sql('VACUUM ANALYZE');
  return world;
}

/** A map of 50,000 seats, or of one floor for so many. */
export function stadium(name: string, seats: boolean, capacity: number) {
  const row = (label: number) => ({
    label: String(label),
    seats: Array.from({ length: SEATS_A_ROW }, (_, i) => ({ number: String(i + 1), x: i, y: label })),
  });
  const blocks = Array.from({ length: 5 }, (_, b) => ({
    name: `Block ${b + 1}`,
    kind: 'seated' as const,
    rows: Array.from({ length: ROWS / 5 }, (_, r) => row(b * (ROWS / 5) + r + 1)),
  }));
  const floor = { name: 'Floor', kind: 'general' as const, capacity, rows: [] };
  return {
    name,
    venue_id: null,
    width: SEATS_A_ROW,
    height: ROWS + 1,
    focal_point: { x: SEATS_A_ROW / 2, y: 0 },
    sections: seats ? blocks : [floor],
  };
}

async function sequentially<T>(times: number, work: (time: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let i = 1; i <= times; i++) results.push(await work(i));
  return results;
}

function shuffled<T>(items: T[]): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [items[i], items[j]] = [items[j] as T, items[i] as T];
  }
  return items;
}
