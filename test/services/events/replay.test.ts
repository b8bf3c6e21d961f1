import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { closeCashSession, getCashSession } from '../../../src/services/cash/sessions.ts';
import { cancelEvent } from '../../../src/services/events/manage/cancel.ts';
import { proveStock } from '../../../src/services/events/proof/prove.ts';
import { getReport } from '../../../src/services/events/report.ts';
import { verifyDatabase } from '../../../src/services/verify/run.ts';
import { sandboxFaults } from '../../helpers/money-audit.ts';
import { runAllJobs } from '../../helpers/payments.ts';
import { expectWhole } from '../../helpers/stock-world.ts';
import type { ReplayEvent } from './replay-event.ts';
import type { Books, EventView } from './replay-model.ts';
import { Replay } from './replay-world.ts';

// Random sales of every kind, replayed against plain lists: report, stock proof, books and drawers say what was done, at
// every instant, and say it again when they are asked later how it was then.

let replay: Replay;
afterEach(() => replay.world.close());

interface Instant {
  at: Date;
  views: EventView[];
  books: Books;
}

const SETTLED_MS = 3; // the books count in milliseconds

type Report = Awaited<ReturnType<typeof getReport>>;
type Proof = Awaited<ReturnType<typeof proveStock>>;

/** What report and proof say, as the model says it; what has no history is left out of the past. */
function expectSame(report: Report, proof: Proof, view: EventView, past = false): void {
  const known = <T extends { available?: number; free?: number; held: number; blocked?: number }>(row: T) =>
    past
      ? {
          ...row,
          ...('available' in row && { available: null }),
          held: null,
          ...('blocked' in row && { blocked: null }),
        }
      : row;
  expect(proof.sections.map(({ name: _, kind: _k, counters: _c, ...row }) => row)).toEqual(
    view.sections.map(known),
  );
  expect(
    report.sections.map(({ section_id, capacity, sold, courtesy, held, blocked, free }) => ({
      ...{ section_id, capacity, sold, courtesy, held, blocked, available: free },
    })),
  ).toEqual(view.sections.map(({ kept: _, ...row }) => known(row)));
  for (const [i, type] of view.ticket_types.entries()) {
    const { ticket_type_id, courtesy, kept, books } = type;
    const [held, free] = past ? [null, null] : [type.held, type.free];
    expect(report.ticket_types[i]).toMatchObject({ ticket_type_id, courtesy, held, free, ...books });
    expect(proof.ticket_types[i]).toMatchObject({
      ...{ ticket_type_id, courtesy, held, available: free, kept, sold: books.sold + kept },
    });
  }
  expect(report.interfaces.map(({ name: _, ...row }) => row)).toEqual(view.interfaces);
  const { refunded, refunded_amount, revenue } = view.totals;
  expect(report.totals).toMatchObject({ refunded, refunded_amount, revenue });
  for (const part of ['days', 'hours'] as const)
    expect(report[part].reduce((n, row) => n + row.revenue, 0)).toBe(revenue);
  for (const row of view.interfaces) {
    const shared = proof.interfaces.find(({ interface_id }) => interface_id === row.interface_id);
    expect((shared?.sold ?? 0) - (shared?.kept ?? 0)).toBe(row.sold);
  }
}

async function booksAt(at: Date): Promise<{ money: number; sales: number }> {
  const [row] = await replay.world.sql<{ money: number; sales: number }>(
    `SELECT coalesce(sum(amount) FILTER (WHERE kind IN ('payment', 'refund')), 0)::int AS money,
       coalesce(sum(amount) FILTER (WHERE kind IN ('sale', 'reversal')), 0)::int AS sales
     FROM ledger_entry WHERE created_at <= $1`,
    at,
  );
  return row as { money: number; sales: number };
}

/** How all stands now, compared with the model. */
async function note(): Promise<Instant> {
  await sleep(SETTLED_MS);
  const { model, events, world } = replay;
  const office = replay.office(world.web.id);
  const views = events.map((event) => model.view(event));
  const books = model.books();
  let at = new Date(0);
  for (const [i, { event_id }] of events.entries()) {
    const report = await getReport(office, event_id);
    const proof = await proveStock(office, event_id);
    expect(proof.drift).toEqual([]);
    expectWhole(proof as never);
    expectSame(report, proof, views[i] as EventView);
    at = report.as_of;
  }
  expect(await booksAt(new Date())).toEqual({ money: books.money, sales: books.sales });
  for (const { id, interface_id, expected } of model.drawers)
    expect((await getCashSession(replay.office(interface_id), id)).expected).toBe(expected);
  await sleep(SETTLED_MS);
  return { at, views, books };
}

/** The same instants, asked for afterwards. */
async function lookBack(instants: readonly Instant[]): Promise<void> {
  const office = replay.office(replay.world.web.id);
  for (const { at, views, books } of instants) {
    for (const [i, { event_id }] of replay.events.entries()) {
      const report = await getReport(office, event_id, at);
      const proof = await proveStock(office, event_id, at);
      expect([report.as_of, proof.as_of, proof.drift]).toEqual([at, at, null]);
      expectSame(report, proof, views[i] as EventView, true);
    }
    expect(await booksAt(at)).toEqual({ money: books.money, sales: books.sales });
  }
}

/** The first of the events is called off: unpaid carts end, what is paid goes back, courtesies are revoked; blocks stay. */
async function callOff(): Promise<void> {
  const { model, events, world } = replay;
  const { event_id } = events[0] as ReplayEvent;
  const held = model.lines.filter(({ status }) => status === 'held');
  const ending = new Set(held.filter((line) => line.event_id === event_id).map(({ cart }) => cart));
  await cancelEvent(replay.office(world.web.id), event_id, { reason: 'Storm' });
  await runAllJobs(world.system);
  model.end(
    held.filter(({ cart }) => ending.has(cart)),
    'released',
  );
  const paid = model.lines.filter((line) => line.status === 'paid' && line.event_id === event_id);
  for (const courtesy of model.courtesies) if (courtesy.event_id === event_id) courtesy.live = false;
  for (const cart of new Set(paid.map((line) => line.cart)))
    model.refund(
      paid.filter((line) => line.cart === cart),
      false,
    );
}

describe('a replay of random sales', () => {
  it.each([1, 2, 3])(
    'says the same at every instant, then and afterwards (seed %i)',
    async (seed) => {
      replay = await Replay.open(seed);
      const instants = [await note()];
      for (let i = 0; i < 80; i++) {
        await replay.step();
        if (i % 2 === 0) instants.push(await note());
      }
      await callOff();
      instants.push(await note());
      for (let i = 0; i < 6; i++) await replay.step();
      instants.push(await note());
      await runAllJobs(replay.world.system);
      await lookBack(instants);

      const { world, model, done } = replay;
      for (const { id, interface_id, expected } of model.drawers) {
        const closed = await closeCashSession(replay.office(interface_id), id, { counted: expected });
        expect([closed.expected, closed.difference]).toEqual([expected, 0]);
      }
      expect(await sandboxFaults(world.system)).toEqual([]);
      const client = await world.system.db.pool.connect();
      const { findings } = await verifyDatabase(client).finally(() => client.release());
      expect(findings.filter(({ breaches }) => breaches)).toEqual([]);
      for (const name of ['hold', 'pay cash', 'pay card', 'refund', 'give', 'lapse'])
        expect(done, JSON.stringify(done)).toHaveProperty([name]);
      expect(
        Object.keys(done).filter((name) => name.startsWith('exchange')).length,
        JSON.stringify(done),
      ).toBeGreaterThan(1);
    },
    180_000,
  );
});
