import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { inTransaction } from '../../../src/db/transaction.ts';
import { runJobs } from '../../../src/jobs/worker.ts';
import { issueCourtesies } from '../../../src/services/courtesies/issue.ts';
import { cancelEvent } from '../../../src/services/events/manage/cancel.ts';
import { getJob } from '../../../src/services/jobs/read.ts';
import { STEPS_TASK } from '../../../src/services/jobs/steps.ts';
import { sandbox } from '../../../src/services/payments/sandbox/provider.ts';
import { scan } from '../../../src/services/validations/scan.ts';
import { makeEvent, seatedSection, standingSection, type TestEvent } from '../../helpers/catalogue.ts';
import { moneyFaults, sandboxFaults } from '../../helpers/money-audit.ts';
import { fill, instead, payByToken, runAllJobs } from '../../helpers/payments.ts';
import { refusalOf } from '../../helpers/refusal.ts';
import { type SalesWorld, salesWorld } from '../../helpers/sales-world.ts';
import { stockFaults } from '../../helpers/stock-audit.ts';

// Calling an event off when not everything goes well: whatever cannot be refunded now is refunded later, once.

let world: SalesWorld;
let event: TestEvent;
let carts: string[];
beforeAll(async () => {
  world = await salesWorld();
});
afterAll(() => world.close());

const admin = () => world.seller({ scopes: ['public', 'sell', 'admin'] });
const TICKETS = 3;
const EACH = 5_000;

/** Four carts of three tickets, paid by card. */
beforeEach(async () => {
  const { company_id, web, system } = world;
  event = await inTransaction(system.db, (tx) =>
    makeEvent(tx, { company_id, interface_id: web.id }, [
      seatedSection('Stalls', 1, 10),
      standingSection('Floor', 40),
    ]),
  );
  carts = [];
  for (let i = 0; i < 4; i++) {
    const { id } = await fill(admin(), [
      { ticket_type_id: event.ticket_type_ids[1] as number, quantity: TICKETS },
    ]);
    await payByToken(admin(), id, 'approved');
    carts.push(id);
  }
});

/** Whatever happened: everything went back, once, here and at the provider. */
afterEach(async () => {
  const { system } = world;
  await runAllJobs(system);
  const rows = await world.sql(
    `SELECT c.status::text, c.refunded, (SELECT count(*)::int FROM refund r WHERE r.cart_id = c.id AND r.status = 'succeeded') AS refunds,
       (SELECT count(*)::int FROM sandbox_refund s JOIN payment p ON p.id = s.charge_id WHERE p.cart_id = c.id) AS given_back,
       (SELECT count(*)::int FROM ticket t WHERE t.cart_id = c.id AND t.status = 'void') AS void
     FROM cart c WHERE c.id = ANY($1::uuid[])`,
    carts,
  );
  const done = { status: 'refunded', refunded: TICKETS * EACH, refunds: 1, given_back: 1, void: TICKETS };
  expect(rows).toEqual(carts.map(() => done));
  const [told] = await world.sql(
    "SELECT count(*)::int AS told, count(DISTINCT subject_id)::int AS tickets FROM change WHERE type = 'ticket.voided' AND event_id = $1 AND NOT data ? 'courtesy_id'",
    event.event_id,
  );
  expect(told).toEqual({ told: 4 * TICKETS, tickets: 4 * TICKETS });
  expect(await moneyFaults(system)).toEqual({});
  expect(await sandboxFaults(system)).toEqual([]);
  expect(await stockFaults(system)).toEqual({});
});

const cancel = () => cancelEvent(admin(), event.event_id, { reason: 'Storm' });
const job = (id: string) => getJob(admin(), id);
const SUMS = {
  carts_ended: 0,
  refunds: 4,
  amount: 4 * TICKETS * EACH,
  tickets_voided: 4 * TICKETS,
  failed: [],
};
const result = (sums: object) => ({ cancellation: { event_id: event.event_id, ...SUMS, ...sums } });
const refundStates = async () =>
  (
    await world.sql(
      'SELECT DISTINCT status::text FROM refund WHERE cart_id = ANY($1::uuid[]) ORDER BY 1',
      carts,
    )
  ).map(({ status }) => status);
/** Its books say that a cent of it went back already: no refund of it adds up until that is put right. */
const breakBooks = (cart: string) => world.sql('UPDATE cart SET refunded = 1 WHERE id = $1', cart);
const repair = (cart: string) => world.sql('UPDATE cart SET refunded = 0 WHERE id = $1', cart);

describe('while the provider gives nothing back', () => {
  it('all is void and on its way, and goes back once the provider is there again', async () => {
    let asked = 0;
    const recover = instead(world.system, {
      refund: async () => {
        asked++;
        throw new Error('connection refused');
      },
    });
    const { id } = await cancel();
    await runAllJobs(world.system);
    await runAllJobs(world.system);
    expect(await job(id)).toMatchObject({ status: 'succeeded', result: result({}) });
    expect(await refundStates()).toEqual(['pending']);
    expect(asked).toBeGreaterThanOrEqual(8);
    recover();
    await runAllJobs(world.system);
    expect(await refundStates()).toEqual(['succeeded']);
  });

  it('an answer that was lost gives nothing twice', async () => {
    const recover = instead(world.system, {
      refund: async (system, refund, signal) => {
        await sandbox.refund(system, refund, signal);
        throw new Error('connection reset');
      },
    });
    await cancel();
    await runAllJobs(world.system);
    expect(await refundStates()).toEqual(['pending']);
    recover();
  });
});

describe('a cart that cannot be refunded', () => {
  it('loses its tickets, keeps no other waiting, and is tried again by itself', async () => {
    const odd = carts[1] as string;
    await breakBooks(odd);
    const { id } = await cancel();
    await runJobs(world.system);
    expect(await job(id)).toMatchObject({ status: 'running', progress: { done: 9, total: 12 } });
    const [tickets] = await world.sql(
      "SELECT count(*)::int AS n FROM ticket WHERE cart_id = $1 AND status = 'void'",
      odd,
    );
    expect(tickets).toEqual({ n: TICKETS });
    const [refunded] = await world.sql(
      "SELECT count(*)::int AS n FROM cart WHERE id = ANY($1::uuid[]) AND status = 'refunded'",
      carts,
    );
    expect(refunded).toEqual({ n: 3 });
    const [next] = await world.sql(
      "SELECT run_at > now() + interval '1 second' AS later FROM graphile_worker.jobs WHERE key = $1",
      `job:${id}`,
    );
    expect(next).toEqual({ later: true });
    await repair(odd);
    await runAllJobs(world.system);
    expect(await job(id)).toMatchObject({
      status: 'succeeded',
      progress: { done: 12, total: 12 },
      result: result({}),
    });
  });

  it('is named by the result if it never can, and refunded by calling off again', async () => {
    const odd = carts[2] as string;
    await breakBooks(odd);
    const first = await cancel();
    expect(await refusalOf(cancel())).toMatchObject({ code: 'conflict', facts: { job_id: first.id } });
    for (let pass = 0; pass < 4; pass++) await runAllJobs(world.system);
    const failed = { cart_id: odd, code: 'refund_exceeds_paid', detail: expect.any(String) };
    expect(await job(first.id)).toMatchObject({
      status: 'succeeded',
      result: result({ refunds: 3, amount: 3 * TICKETS * EACH, failed: [failed] }),
    });
    await repair(odd);
    const second = await cancel();
    expect(second).toMatchObject({ kind: 'event_cancellation', progress: { done: 0, total: TICKETS } });
    await runAllJobs(world.system);
    expect(await job(second.id)).toMatchObject({
      status: 'succeeded',
      result: result({ refunds: 1, amount: TICKETS * EACH, tickets_voided: 0 }),
    });
    expect(await refusalOf(cancel())).toMatchObject({
      code: 'conflict',
      facts: { event_status: 'cancelled' },
    });
    const audited = await world.sql(
      "SELECT before ->> 'status' AS before FROM audit_log WHERE action = 'event.cancel' AND subject_id = $1 ORDER BY created_at",
      String(event.event_id),
    );
    expect(audited).toEqual([{ before: 'published' }, { before: 'cancelled' }]);
  });

  it('nor does a mistake of ours in one stop the others', async () => {
    const odd = carts[0] as string;
    const [payment] = await world.sql<{ id: string }>('SELECT id FROM payment WHERE cart_id = $1', odd);
    await world.sql("UPDATE payment SET status = 'declined' WHERE id = $1", payment?.id); // as if nobody had paid for it
    const { id } = await cancel();
    await runJobs(world.system, [STEPS_TASK]);
    const [refunded] = await world.sql(
      "SELECT count(*)::int AS n FROM cart WHERE id = ANY($1::uuid[]) AND status = 'refunded'",
      carts,
    );
    expect(refunded).toEqual({ n: 3 });
    const [cursor] = await world.sql<{ cursor: { sums: { failed: unknown[] } } }>(
      'SELECT cursor FROM job WHERE id = $1',
      id,
    );
    expect(cursor?.cursor).toMatchObject({ phase: 'sales', passes: 1 });
    await world.sql("UPDATE payment SET status = 'captured' WHERE id = $1", payment?.id);
    await runAllJobs(world.system);
    expect(await job(id)).toMatchObject({ status: 'succeeded', result: result({}) });
  });
});

it('courtesies are revoked, come or not, and their places and quotas are free', async () => {
  const { event_id } = event;
  const [seated] = event.ticket_type_ids as [number];
  const quota = { event_id, host: 'Press', quota: 9 };
  await world.sql(
    "INSERT INTO host_quota (company_id, event_id, host, quota) SELECT company_id, id, 'Press', 9 FROM event WHERE id = $1",
    event_id,
  );
  const give = async (more: object) =>
    issueCourtesies(admin(), {
      ...{ event_id, ticket_type_id: seated, host: quota.host },
      ...{ guests: [{ first_name: 'Guest', last_name: 'One' }], ...more },
    } as never);
  await give({});
  await give({});
  await give({ approval: true });
  const [used] = await world.sql<{ id: string; serial: number }>(
    'SELECT id, serial FROM ticket WHERE event_id = $1 AND courtesy_id IS NOT NULL ORDER BY id LIMIT 1',
    event_id,
  );
  const sign = await world.system.ticketKeys.signer(world.company_id);
  const qr_code = await sign({
    ticketId: used?.id as string,
    eventId: event_id,
    serial: used?.serial as number,
  });
  await scan(admin(), { qr_code, event_id, force: { reason: 'early' } });

  const { id } = await cancel();
  expect((await job(id)).progress).toEqual({ done: 0, total: 4 * TICKETS + 2 });
  await runAllJobs(world.system);
  expect(await job(id)).toMatchObject({
    status: 'succeeded',
    result: result({ tickets_voided: 4 * TICKETS + 2 }),
  });
  const rows = await world.sql(
    `SELECT k.status, k.reason, k.decided_by, t.status::text AS ticket FROM courtesy k
     LEFT JOIN ticket t ON t.id = k.ticket_id WHERE k.event_id = $1 ORDER BY k.id`,
    event_id,
  );
  const revoked = { status: 'revoked', reason: 'Storm', decided_by: 'office' };
  expect(rows).toEqual([
    { ...revoked, ticket: 'void' },
    { ...revoked, ticket: 'void' },
    { ...revoked, ticket: null },
  ]);
  const [host] = await world.sql('SELECT used FROM host_quota WHERE event_id = $1', event_id);
  expect(host).toEqual({ used: 0 });
  const seats = await world.sql(
    'SELECT DISTINCT status::text, ticket_id FROM event_seat WHERE event_id = $1',
    event_id,
  );
  expect(seats).toEqual([{ status: 'available', ticket_id: null }]);
});
