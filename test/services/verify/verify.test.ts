import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cancelCart } from '../../../src/services/carts/change.ts';
import { sweep } from '../../../src/services/carts/expire.ts';
import { refundCart } from '../../../src/services/refunds/refund.ts';
import { reportOf } from '../../../src/services/verify/report.ts';
import {
  CHECKS,
  ROWS_SHOWN,
  runChecks,
  type Verification,
  verifyDatabase,
} from '../../../src/services/verify/run.ts';
import { fill, payByToken } from '../../helpers/payments.ts';
import type { SalesWorld } from '../../helpers/sales-world.ts';
import { COURTESY_BREACHES } from './courtesy-breaches.ts';
import { endHold, eventfulWorld } from './eventful-world.ts';
import { MONEY_BREACHES } from './money-breaches.ts';
import { QUEUE_BREACHES } from './queued.ts';
import type { Breaches } from './sql.ts';
import { BLOCK_BREACHES, STOCK_BREACHES } from './stock-breaches.ts';
import { SUBSCRIPTION_BREACHES } from './subscription-breaches.ts';
import { WAITLIST_BREACHES } from './waitlist-breaches.ts';

let world: SalesWorld;
let client: pg.Client;

beforeAll(async () => {
  world = await eventfulWorld();
  client = new pg.Client(world.url);
  await client.connect();
}, 60_000);

afterAll(async () => {
  await client.end();
  await world.close();
});

// They are run on the eventful world, in a transaction that is undone: constraints and triggers come back, too.
const BREACHES: Breaches = {
  ...STOCK_BREACHES,
  ...BLOCK_BREACHES,
  ...MONEY_BREACHES,
  ...SUBSCRIPTION_BREACHES,
  ...COURTESY_BREACHES,
  ...QUEUE_BREACHES,
  ...WAITLIST_BREACHES,
};

const broken = ({ findings }: Verification) => findings.filter(({ breaches }) => breaches > 0);

/** What the checks say of a database in which these statements were run; they are undone. */
async function verifyAfter(statements: readonly string[]): Promise<Verification> {
  await client.query('BEGIN');
  try {
    let changed: number | null = 0;
    for (const sql of statements) changed = (await client.query(sql)).rowCount;
    expect([changed ? 'changed' : 'changed nothing', statements.at(-1)]).toEqual([
      'changed',
      statements.at(-1),
    ]);
    return await runChecks(client);
  } finally {
    await client.query('ROLLBACK');
  }
}

describe('a database that only the services have written', () => {
  it('passes every check', async () => {
    const verification = await verifyDatabase(client);
    expect(broken(verification)).toEqual([]);
    expect(verification.ok).toBe(true);
    expect(verification.findings.map(({ name }) => name)).toEqual(CHECKS.map(({ name }) => name));
  });

  it('holds every kind of thing that the checks are about', async () => {
    const kinds = await world.sql(`
      SELECT DISTINCT 'cart ' || status AS kind FROM cart UNION SELECT DISTINCT 'line ' || status FROM sale_detail
      UNION SELECT DISTINCT 'ticket ' || status FROM ticket UNION SELECT DISTINCT 'seat ' || status FROM event_seat
      UNION SELECT DISTINCT 'payment ' || status FROM payment UNION SELECT DISTINCT 'entry ' || kind FROM ledger_entry
      UNION SELECT DISTINCT 'scan ' || result FROM validation UNION SELECT 'line kept' FROM sale_detail WHERE stock_kept
      UNION SELECT 'cart overdue' FROM cart WHERE status = 'open' AND expires_at < now()
      UNION SELECT 'scan undone' FROM validation WHERE undone_at IS NOT NULL ORDER BY 1`);
    expect(kinds.map(({ kind }) => kind)).toEqual([
      ...[
        'open',
        'pending_payment',
        'paid',
        'partially_refunded',
        'refunded',
        'expired',
        'cancelled',
        'overdue',
      ]
        .map((status) => `cart ${status}`)
        .sort(),
      ...['payment', 'refund', 'reversal', 'sale'].map((kind) => `entry ${kind}`),
      ...['exchanged', 'held', 'kept', 'paid', 'refunded', 'released'].map((status) => `line ${status}`),
      ...['captured', 'declined', 'partially_refunded', 'pending', 'refunded', 'requires_action'].map(
        (status) => `payment ${status}`,
      ),
      ...['accepted', 'rejected', 'undone'].map((result) => `scan ${result}`),
      ...['available', 'blocked', 'held', 'sold'].map((status) => `seat ${status}`),
      ...['used', 'valid', 'void'].map((status) => `ticket ${status}`),
    ]);
  });

  it('is not changed by being checked, and locked for nobody', async () => {
    await client.query('BEGIN');
    await runChecks(client);
    const { rows } = await world.system.db.pool.query(
      `SELECT DISTINCT mode FROM pg_locks WHERE pid = $1 AND locktype = 'relation'`,
      [(await client.query('SELECT pg_backend_pid() AS pid')).rows[0].pid],
    );
    await client.query('ROLLBACK');
    expect(rows).toEqual([{ mode: 'AccessShareLock' }]);
  });
});

describe('a check', () => {
  it('is broken on purpose below, every one of them', () => {
    expect(Object.keys(BREACHES)).toEqual(CHECKS.map(({ name }) => name));
  });

  const cases = Object.entries(BREACHES).flatMap(([name, ways]) =>
    ways.map((statements, i) => ({ name, way: i + 1, statements })),
  );

  it.each(cases)('$name names its breach, and nobody else does ($way)', async ({ name, statements }) => {
    const verification = await verifyAfter(statements);
    expect(broken(verification).map((finding) => finding.name)).toEqual([name]);
    expect(verification.ok).toBe(false);
    const [finding] = broken(verification);
    expect(finding?.rows.length).toBe(Math.min(finding?.breaches ?? 0, ROWS_SHOWN));
    expect(finding?.rows[0]).toHaveProperty('company_id', world.company_id);
  });
});

describe('while sales go on', () => {
  it('a hold has ended for the checks when it had for the cart that took its seat', async () => {
    const seats = [{ ticket_type_id: world.theatre.stall, seat_ids: [world.theatre.seats.E10 as number] }];
    const { id } = await fill(world.buyer(), seats);
    await endHold(world, id, 0.2);
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY'); // now() is before the end for good
    try {
      await sleep(300);
      await fill(world.buyer(), seats);
      expect(broken(await runChecks(client))).toEqual([]);
    } finally {
      await client.query('ROLLBACK');
    }
  });

  it('nothing is found that is not there', async () => {
    const ctx = world.seller();
    const { theatre, festival } = world;
    let selling = true;
    const looks: Verification[] = [];
    const work = async (seller: number) => {
      for (let round = 0; round < 6 || looks.length < 3; round++) {
        const label = `F${1 + ((seller + round) % 8)}`;
        const cart = await fill(ctx, [
          { ticket_type_id: theatre.stall, seat_ids: [theatre.seats[label] as number] },
          { product_id: festival.parking, quantity: 1 },
        ]).catch(() => undefined); // another of them was faster
        if (!cart) continue;
        if (round % 3 === 0) await endHold(world, cart.id, -1);
        else if (round % 3 === 1) await cancelCart(ctx, cart.id);
        else {
          await payByToken(ctx, cart.id, 'approved');
          await refundCart(ctx, cart.id, { reason: 'test' });
        }
        await sweep(world.system);
      }
    };
    const look = async () => {
      while (selling) looks.push(await verifyDatabase(client));
    };
    const looking = look();
    await Promise.all([0, 1, 2, 3].map(work)).finally(() => {
      selling = false;
    });
    await looking;
    expect(looks.length).toBeGreaterThan(2);
    expect(looks.flatMap(broken)).toEqual([]);
  });
});

describe('the report', () => {
  it('has a line for each check and the first rows of a breach', async () => {
    const report = reportOf(await verifyAfter(["UPDATE ticket SET status = 'used' WHERE status = 'valid'"]));
    expect(report).toMatch(
      /^ok {6}seat_has_one_live_ticket {2,}A seat of an event has at most one live ticket\.$/m,
    );
    expect(report).toMatch(/^BREACH {2}used_ticket_has_its_entries {2,}A ticket is used if/m);
    expect(report).toMatch(/^ {8}\d+ rows break it:\n( {10}\{"company_id":1,.*\}\n){5} {10}and \d+ more$/m);
    expect(report).toMatch(/^1 of \d+ checks found a breach, as of \d{4}-.*Z\.\n$/m);
  });

  it('says so when all is well', async () => {
    const report = reportOf(await verifyDatabase(client));
    expect(report.trimEnd().split('\n').at(-1)).toMatch(/^All \d+ checks are well, as of /);
    expect(report).not.toContain('BREACH');
  });
});
