import { afterAll, beforeAll, expect, it } from 'vitest';
import { inTransaction } from '../../../src/db/transaction.ts';
import { runJobs } from '../../../src/jobs/worker.ts';
import { endEvents } from '../../../src/services/events/end.ts';
import { pauseEvent } from '../../../src/services/events/manage/life.ts';
import { getEvent, listEvents } from '../../../src/services/events/read.ts';
import { makeEvent, standingSection } from '../../helpers/catalogue.ts';
import { fill } from '../../helpers/payments.ts';
import { codeOf } from '../../helpers/refusal.ts';
import { fromNow, type SalesWorld, salesWorld } from '../../helpers/sales-world.ts';

let world: SalesWorld;
beforeAll(async () => {
  world = await salesWorld();
});
afterAll(() => world.close());

const HOUR = 3_600_000;

const make = async (ends_at: Date | null, status = 'published') => {
  const { company_id, web } = world;
  const made = await inTransaction(world.system.db, (tx) =>
    makeEvent(tx, { company_id, interface_id: web.id }, [standingSection('Room', 10)], {
      ...{ starts_at: fromNow(-100 * HOUR), ends_at },
    }),
  );
  await world.sql('UPDATE event SET status = $2::event_status WHERE id = $1', made.event_id, status);
  return { id: made.event_id, type: made.ticket_type_ids[0] as number };
};
const admin = () => world.seller({ scopes: ['public', 'sell', 'admin'] });
const rowOf = async (id: number) =>
  (await world.sql('SELECT status::text, version FROM event WHERE id = $1', id))[0];
const toldOf = (id: number) =>
  world.sql(
    "SELECT data FROM change WHERE type = 'event.updated' AND event_id = $1 AND data ->> 'status' = 'ended'",
    id,
  );
const auditOf = (id: number) =>
  world.sql(
    "SELECT client_id, interface_id, before, after FROM audit_log WHERE action = 'event.end' AND subject_id = $1",
    String(id),
  );

it('events that have been over for a day are ended, once, whoever looks and however often', async () => {
  const over = await make(fromNow(-25 * HOUR));
  const paused = await make(fromNow(-25 * HOUR), 'paused');
  const others = [
    [await make(fromNow(-23 * HOUR)), 'published'],
    [await make(fromNow(HOUR)), 'published'],
    [await make(null), 'published'],
    [await make(fromNow(-25 * HOUR), 'cancelled'), 'cancelled'],
    [await make(fromNow(-25 * HOUR), 'draft'), 'draft'],
  ] as const;
  const before = await Promise.all(others.map(([{ id }]) => rowOf(id)));
  const was = (await rowOf(over.id)) as { version: number };

  // Its readers and buyers do not wait for any task.
  const seen = await getEvent(world.buyer(), over.id);
  expect([seen.status, seen.sales_status]).toEqual(['published', 'ended']);
  expect(await codeOf(fill(world.buyer(), [{ ticket_type_id: over.type, quantity: 1 }]))).toBe('not_on_sale');
  const onSale = async () =>
    (await listEvents(world.buyer(), { on_sale: true }, { limit: 100, offset: 0 } as never)).items.map(
      ({ id }) => id,
    );
  expect(await onSale()).not.toContain(over.id);

  const processes = [world.system, ...world.processes(3)];
  const counts = await Promise.all(
    Array.from({ length: 12 }, (_, i) => endEvents(processes[i % 4] as never)),
  );
  expect(counts.reduce((n, count) => n + count, 0)).toBe(2);
  await runJobs(world.system, ['end_events']);
  expect(await endEvents(world.system)).toBe(0);

  expect(await rowOf(over.id)).toEqual({ status: 'ended', version: was.version + 1 });
  for (const { id } of [over, paused])
    expect(await toldOf(id)).toEqual([{ data: { event_id: id, status: 'ended' } }]);
  const audited = { client_id: 'system', interface_id: null, after: { status: 'ended' } };
  expect(await auditOf(over.id)).toEqual([{ ...audited, before: { status: 'published' } }]);
  expect(await auditOf(paused.id)).toEqual([{ ...audited, before: { status: 'paused' } }]);
  expect(await Promise.all(others.map(([{ id }]) => rowOf(id)))).toEqual(before);
  for (const [{ id }] of others) expect(await toldOf(id)).toEqual([]);

  const after = await getEvent(world.buyer(), over.id);
  expect([after.status, after.sales_status]).toEqual(['ended', 'ended']);
  expect(await codeOf(fill(world.buyer(), [{ ticket_type_id: over.type, quantity: 1 }]))).toBe('not_on_sale');
  expect(await onSale()).not.toContain(over.id);
  expect(await codeOf(pauseEvent(admin(), over.id))).toBe('conflict'); // nothing about it changes any more
});

it('an end that is put off while the task looks is kept', async () => {
  const event = await make(fromNow(-25 * HOUR));
  let ended: Promise<number> | undefined;
  await inTransaction(world.system.db, async (tx) => {
    await tx.execute({ name: 'test_alone', text: 'SELECT pg_advisory_xact_lock($1::int, $2::int)' }, [
      world.company_id,
      event.id,
    ]);
    ended = endEvents(world.system);
    await expect
      .poll(
        async () =>
          (await world.sql("SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")).length,
      )
      .toBe(1);
    await tx.execute(
      { name: 'test_put_off', text: "UPDATE event SET ends_at = now() + interval '1 hour' WHERE id = $1" },
      [event.id],
    );
  });
  expect(await ended).toBe(0);
  expect(await rowOf(event.id)).toMatchObject({ status: 'published' });
});

it('more of them than one look finds are all ended', async () => {
  const { company_id } = world;
  await world.sql(
    `INSERT INTO event (company_id, name, slug, seating, currency, time_zone, starts_at, ends_at, status)
     SELECT $1, 'Past', 'past-' || n, 'general', 'EUR', 'UTC', now() - interval '9 days', now() - interval '8 days', 'published'
     FROM generate_series(1, 150) AS n`,
    company_id,
  );
  expect(await endEvents(world.system)).toBe(150);
  const [left] = await world.sql(
    "SELECT count(*)::int AS n FROM event WHERE name = 'Past' AND status <> 'ended'",
  );
  expect(left).toEqual({ n: 0 });
});
