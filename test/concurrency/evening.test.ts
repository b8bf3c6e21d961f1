import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runChecks } from '../../src/services/verify/run.ts';
import { uuidv7 } from '../../src/uuid.ts';
import { type Api, type Passage, Scanner, Unavailable } from '../helpers/scanner.ts';
import { type DoorWorld, doorWorld } from '../helpers/ticket-factories.ts';

// An evening at the doors of a stadium, in a few seconds: 40 scanners whose clocks are wrong and whose connections come
// and go, people who go out and come in again, copies of codes. EVENING_TICKETS=50000 EVENING_SECONDS=240 plays it whole.

const TICKETS = Number(process.env.EVENING_TICKETS ?? 1_200);
const SECONDS = Number(process.env.EVENING_SECONDS ?? 5);
const SCANNERS = 40;
/**
 * Nobody is at two gates within that: more than clocks, measured over a busy connection, are wrong by. A full evening keeps
 * this process, which is server and scanners at once, from its own clock for seconds.
 */
const APART_MS = Math.max(1_500, SECONDS * 60);
const HOUR = 3_600_000;

let world: DoorWorld;
beforeAll(async () => {
  world = await doorWorld({ env: { RATE_LIMIT: '1000000', RATE_LIMIT_IP: '1000000' } });
});
afterAll(() => world.close(), 60_000);

/** Somebody went through a gate: what really happened, whatever any clock says. */
interface Truth extends Passage {
  direction: 'entry' | 'exit';
  at: number;
}

it(
  'ends with everybody inside explained by the log, and with exactly the double entries that there were',
  async () => {
    const { event_id, standing, again } = world.tonight;
    const ids = Array.from({ length: TICKETS }, () => uuidv7());
    await world.sql(
      `INSERT INTO ticket (company_id, id, event_id, ticket_type_id, interface_id, courtesy_id)
       SELECT $1, id, $2, CASE WHEN n % 3 = 0 THEN $3::int ELSE $4::int END, $5, gen_random_uuid()
       FROM unnest($6::uuid[]) WITH ORDINALITY AS r (id, n)`,
      ...[world.accounts.company_id, event_id, again, standing, world.accounts.interfaces.web, ids],
    );
    const sign = await world.system.ticketKeys.signer(world.accounts.company_id);
    const scanners = Array.from(
      { length: SCANNERS },
      (_, i) => new Scanner(`gate-${i}`, event_id, (i % 7) * HOUR - 3 * HOUR + i * 1_337, api(event_id)),
    );
    for (const scanner of scanners) await scanner.sync();

    let over = false;
    const connections = scanners.map(async (scanner) => {
      while (!over) {
        await sleep(SECONDS * (40 + Math.random() * 260));
        scanner.online = !scanner.online;
        if (!scanner.online) continue;
        await scanner.flush(Math.random);
        await scanner.sync();
      }
      scanner.online = true;
      do await scanner.flush(Math.random);
      while (scanner.unsent);
    });
    const evening = await Promise.all(
      ids.map(async (ticketId, n) => {
        const code = await sign({ ticketId, eventId: event_id, serial: 0 });
        await sleep(Math.random() * SECONDS * 1_000);
        return { ticketId, truth: await visit(scanners, code, { goesOut: (n + 1) % 3 === 0 }) };
      }),
    );
    over = true;
    await Promise.all(connections);
    await check(evening, event_id);
  },
  (2 * SECONDS + 300) * 1_000,
);

/** One ticket's evening: in, perhaps out and in again, and perhaps somebody else with a copy of the code. */
async function visit(scanners: Scanner[], code: string, { goesOut }: { goesOut: boolean }): Promise<Truth[]> {
  const truth: Truth[] = [];
  const at = async (direction: 'entry' | 'exit') => {
    const scanner = scanners[Math.floor(Math.random() * scanners.length)] as Scanner;
    const before = Date.now();
    const passage = await scanner.present(code, direction, Math.random() < 0.05);
    // Online it is judged when it is asked, which may take its time; offline at once.
    truth.push({ ...passage, direction, at: passage.online ? Date.now() : before });
    return passage.passed;
  };
  const entered = await at('entry');
  const copied = Math.random() < 0.1;
  if (copied) {
    await sleep(APART_MS);
    await at('entry');
  }
  if (goesOut && entered && !copied && Math.random() < 0.5) {
    await sleep(APART_MS);
    if (await at('exit')) {
      await sleep(APART_MS);
      await at('entry');
    }
  }
  return truth;
}

/** Compares the books with what really happened. */
async function check(evening: { ticketId: string; truth: Truth[] }[], event_id: number): Promise<void> {
  const passed = new Map(evening.map(({ ticketId, truth }) => [ticketId, truth.filter((t) => t.passed)]));
  const inside = (log: Truth[]) => log.reduce((sum, t) => sum + (t.direction === 'entry' ? 1 : -1), 0);
  const doubles = [...passed.values()].flatMap(doublesOf);
  const books = await world.sql<{ id: string; inside: number; scanned: number }>(
    `SELECT t.id, t.inside, coalesce(v.scanned, 0) AS scanned FROM ticket t
     LEFT JOIN (SELECT ticket_id, count(*)::int AS scanned FROM validation WHERE result = 'accepted' GROUP BY ticket_id) AS v
       ON v.ticket_id = t.id
     WHERE t.event_id = $1`,
    event_id,
  );
  const wrong = books.filter(({ id, ...book }) => {
    const log = passed.get(id) as Truth[];
    return book.inside !== inside(log) || book.scanned !== log.length;
  });
  expect(wrong).toEqual([]);
  const conflicts = await world.sql<{ nonce: string; conflict: string }>(
    'SELECT nonce, conflict FROM validation WHERE event_id = $1 AND conflict IS NOT NULL',
    event_id,
  );
  expect(new Set(conflicts.map(({ conflict }) => conflict))).toEqual(new Set(['already_used']));
  expect(conflicts.map(({ nonce }) => nonce).sort()).toEqual(doubles.sort());
  expect(doubles.length).toBeGreaterThan(TICKETS / 200);

  const { summary } = (await world.call(`/events/${event_id}/validations/summary`)).body;
  expect(summary.inside).toBe([...passed.values()].reduce((sum, log) => sum + inside(log), 0));
  expect(summary.inside).toBe(summary.entries - summary.exits);
  const report = await world.call(`/events/${event_id}/validations/conflicts`);
  expect(report.headers['x-total']).toBe(String(doubles.length));
  const client = await world.system.db.pool.connect();
  const { findings } = await runChecks(client).finally(() => client.release());
  expect(findings.filter(({ name, breaches }) => breaches && /entries/.test(name))).toEqual([]);
}

/** The entries of a ticket beyond the one it is good for, in the order in which they really happened. */
function doublesOf(log: Truth[]): string[] {
  let used = false;
  return log
    .toSorted((a, b) => a.at - b.at)
    .flatMap(({ direction, nonce }) => {
      if (direction === 'exit') {
        used = false; // only those with re-entry go out here
        return [];
      }
      if (used) return [nonce];
      used = true;
      return [];
    });
}

const api = (event_id: number): Api => ({
  async manifest(since) {
    const { status, body } = await world.call(
      `/events/${event_id}/manifest${since ? `?since=${since}` : ''}`,
    );
    if (status === 503) throw new Unavailable();
    if (status !== 200) throw new Error(`manifest: ${JSON.stringify(body)}`);
    return body.manifest;
  },
  async scan(scan) {
    const { status, body } = await world.call('/validations', { body: scan });
    if (status === 503) throw new Unavailable();
    if (status !== 201) throw new Error(`scan: ${JSON.stringify(body)}`);
    return body.validation;
  },
  async batch(batch) {
    const { status, body } = await world.call('/validations/batch', { body: batch });
    if (status === 503) throw new Unavailable();
    const refused = body.validations?.filter((item: { problem: unknown }) => item.problem);
    if (status !== 201 || refused.length)
      throw new Error(`batch: ${JSON.stringify([refused ?? body, world.errors])}`);
  },
});
