import { afterAll, beforeAll, expect, it } from 'vitest';
import { openCart } from '../../src/services/carts/hold.ts';
import { getPlace } from '../../src/services/queue/place.ts';
import { queueWorld } from '../helpers/queues.ts';
import { type SalesWorld, salesWorld } from '../helpers/sales-world.ts';

// What those who wait ask for again and again, and what a sale asks of them, reads a few rows however many wait.

const WAITING = 20_000;

let world: SalesWorld;
beforeAll(async () => {
  world = await salesWorld();
}, 60_000);
afterAll(() => world.close());

/** Rows of places that PostgreSQL has read so far, by the counters of this database. */
async function read(): Promise<number> {
  const [row] = await world.sql<{ n: number }>(
    `SELECT pg_stat_force_next_flush(), (SELECT (coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::int
       FROM pg_stat_user_tables WHERE relname = 'queue_place') AS n`,
  );
  return row?.n as number;
}

it('a poll and a hold under a pass look at no others, though statements were planned when nobody waited', async () => {
  const gate = queueWorld(world);
  // Counted while it is all but empty, the table would be read whole until it is counted again.
  for (const table of ['queue_place', 'queue_entry', 'queue_interface'])
    await world.sql(`ALTER TABLE ${table} SET (autovacuum_enabled = false)`);
  await gate.set();
  const ana = world.buyer({ user_id: world.ana });
  const [first] = await gate.come(['v']);
  const id = first?.id as string;
  const items = [{ ticket_type_id: world.festival.adult, quantity: 1 }];
  await getPlace(ana, gate.event_id, id);
  await openCart(ana, { items }).catch(() => {}); // without a pass
  const cart = await openCart(world.buyer(), { items, queue_place_ids: [id] });
  await world.sql(
    `INSERT INTO queue_place (company_id, id, event_id, interface_id, client_id, caller, rank)
     SELECT company_id, gen_random_uuid(), event_id, interface_id, client_id, 'cweb x' || n, 1 + n
     FROM queue_place, generate_series(1, ${WAITING}) AS n`,
  );
  await world.sql('UPDATE queue_interface SET tail = tail + $1', WAITING);
  await world.sql('SELECT pg_sleep(1.1)');
  const before = await read();
  for (let i = 0; i < 20; i++) {
    await getPlace(ana, gate.event_id, id);
    await openCart(ana, { items }).catch(() => {});
    await openCart(world.buyer(), { items, queue_place_ids: [id] }).catch(() => {});
  }
  await world.sql('SELECT pg_sleep(1.1)');
  expect((await read()) - before).toBeLessThan(WAITING / 10);
  expect(cart.sale_details).toHaveLength(1);
}, 60_000);
