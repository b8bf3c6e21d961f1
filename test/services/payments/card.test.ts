import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { getCart } from '../../../src/services/carts/read.ts';
import { getJob, getJobResult } from '../../../src/services/jobs/read.ts';
import { pay } from '../../../src/services/payments/pay.ts';
import { getPayment } from '../../../src/services/payments/read.ts';
import { decideAction, showAction } from '../../../src/services/payments/sandbox/decide.ts';
import { moneyFaults, sandboxFaults } from '../../helpers/money-audit.ts';
import { fill, instead, payByToken, runAllJobs } from '../../helpers/payments.ts';
import { codeOf, refusalOf } from '../../helpers/refusal.ts';
import { type SalesWorld, salesWorld } from '../../helpers/sales-world.ts';
import { stockFaults } from '../../helpers/stock-audit.ts';

let world: SalesWorld;
beforeAll(async () => {
  world = await salesWorld();
  await world.sql('UPDATE event_section SET capacity = 10000 WHERE section_id = $1', world.festival.floor);
});
afterEach(async () => {
  expect(await moneyFaults(world.system)).toEqual({});
  expect(await stockFaults(world.system)).toEqual({});
  expect(await sandboxFaults(world.system)).toEqual([]);
});
afterAll(() => world.close());

const adults = (quantity = 1) => [{ ticket_type_id: world.festival.adult, quantity }];
const cartWithSeat = (label: string) =>
  fill(world.buyer(), [
    { ticket_type_id: world.theatre.stall, seat_ids: [world.theatre.seats[label] as number] },
  ]);
const ticketsOf = async (cart_id: string) =>
  (await world.sql("SELECT id FROM ticket WHERE cart_id = $1 AND status = 'valid'", cart_id)).length;

describe('a card that is approved', () => {
  it('is captured, the tickets exist, and its job has succeeded', async () => {
    const ctx = world.buyer();
    const cart = await fill(ctx, adults(2));
    const payment = await payByToken(ctx, cart.id, 'approved');
    expect(payment).toMatchObject({ status: 'captured', provider: 'sandbox', amount: cart.totals.total });
    expect(await getCart(ctx, cart.id)).toMatchObject({
      status: 'paid',
      totals: { paid: cart.totals.total },
    });
    expect(await ticketsOf(cart.id)).toBe(2);
    expect(await getPayment(ctx, cart.id, payment.id)).toEqual(payment);
    const job = await getJob(ctx, payment.job_id as string);
    expect(job).toMatchObject({
      ...{ kind: 'payment', status: 'succeeded', progress: { done: 1, total: 1 }, error: null },
      result: { payment: { id: payment.id, status: 'captured' } },
      finished_at: expect.any(Date),
    });
    expect(await getJobResult(ctx, job.id)).toEqual(job.result);
    expect(await world.sql('SELECT key FROM graphile_worker.jobs')).toEqual([]);
    expect(await codeOf(payByToken(ctx, cart.id, 'approved'))).toBe('cart_not_open');
  });
});

describe('a card that is declined', () => {
  it('leaves the cart open, the payment on record, and can be tried again', async () => {
    const ctx = world.buyer();
    const cart = await cartWithSeat('A1');
    const refusal = await refusalOf(payByToken(ctx, cart.id, 'declined'));
    expect(refusal).toMatchObject({
      ...{ code: 'payment_declined', status: 402 },
      facts: { payment_id: expect.any(String), reason: 'insufficient_funds', status: 'declined' },
    });
    const declined = await getPayment(ctx, cart.id, refusal.facts.payment_id as string);
    expect(declined).toMatchObject({ status: 'declined', failure_reason: 'insufficient_funds', refunded: 0 });
    const job = await getJob(ctx, declined.job_id as string);
    expect(job).toMatchObject({ status: 'failed', result: null, error: { code: 'payment_declined' } });
    expect(await refusalOf(getJobResult(ctx, job.id))).toMatchObject({
      ...{ code: 'payment_declined', message: refusal.message, facts: refusal.facts },
    });
    expect(await getCart(ctx, cart.id)).toMatchObject({ status: 'open', totals: { paid: 0 } });
    expect(await payByToken(ctx, cart.id, 'approved')).toMatchObject({ status: 'captured' });
    expect(await ticketsOf(cart.id)).toBe(1);
  });

  it('keeps its refusal under the Idempotency-Key: the same request is not tried again', async () => {
    const cart = await fill(world.buyer(), adults());
    const ctx = world.buyer({ key: 'declined' });
    await refusalOf(payByToken(ctx, cart.id, 'declined'));
    expect(ctx.idempotency?.state).toBe('answered');
    const [kept] = await world.sql<{ result: { refusal: { code: string } } }>(
      "SELECT result FROM idempotency_key WHERE key = 'declined'",
    );
    expect(kept?.result.refusal.code).toBe('payment_declined');
  });

  it('is a card that does not exist, too', async () => {
    const cart = await fill(world.buyer(), adults());
    for (const token of ['tok_visa', 'constructor', '__proto__']) {
      const refusal = await refusalOf(pay(world.buyer(), cart.id, { method: 'card', card: { token } }));
      expect(refusal).toMatchObject({ code: 'payment_declined', facts: { reason: 'invalid_token' } });
    }
  });

  it('cannot keep seats from others for ever', async () => {
    const ctx = world.buyer();
    const cart = await cartWithSeat('A2');
    const limit = world.web.max_hold_seconds + world.web.payment_seconds;
    await world.sql(
      `UPDATE cart SET created_at = now() - make_interval(secs => $2), expires_at = now() + interval '5 seconds' WHERE id = $1`,
      ...[cart.id, limit - 20],
    );
    await world.sql(
      `UPDATE event_seat s SET hold_expires_at = c.expires_at FROM cart c WHERE c.id = s.cart_id AND c.id = $1`,
      cart.id,
    );
    await refusalOf(payByToken(ctx, cart.id, 'declined'));
    const { expires_at, created_at } = await getCart(ctx, cart.id);
    expect(expires_at.getTime() - created_at.getTime()).toBe(limit * 1_000);
  });
});

describe('a card that requires action', () => {
  it('holds the cart while the buyer acts, and is captured when the page approves it', async () => {
    const ctx = world.buyer();
    const cart = await cartWithSeat('B1');
    await world.sql(`UPDATE cart SET expires_at = now() + interval '9 seconds' WHERE id = $1`, cart.id);
    const payment = await pay(ctx, cart.id, {
      ...{ method: 'card', card: { token: 'sandbox_requires_action' } },
      return_url: 'https://shop.example/thanks?a=1&b="<2>"',
    });
    expect(payment).toMatchObject({ status: 'requires_action', failure_reason: null });
    expect(payment.action_url).toBe(`${world.system.publicUrl}/payments/sandbox/${payment.id}`);
    const waiting = await getCart(ctx, cart.id);
    expect(waiting.status).toBe('pending_payment');
    const left = waiting.expires_at.getTime() - Date.now();
    expect(left).toBeGreaterThan((world.web.payment_seconds - 30) * 1_000);
    expect(await codeOf(payByToken(ctx, cart.id, 'approved'))).toBe('cart_not_open');
    expect(await getJob(ctx, payment.job_id as string)).toMatchObject({
      status: 'running',
      finished_at: null,
    });
    expect(await codeOf(getJobResult(ctx, payment.job_id as string))).toBe('conflict');

    const html = await showAction(world.system, payment.id);
    expect(html).toContain(`action="/payments/sandbox/${payment.id}"`);
    expect(html).toContain('€80.00');
    const done = await decideAction(world.system, payment.id, 'approve');
    expect(done).toContain('Payment approved');
    expect(done).toContain('href="https://shop.example/thanks?a=1&amp;b=&quot;&lt;2&gt;&quot;"');
    expect(await getPayment(ctx, cart.id, payment.id)).toMatchObject({
      status: 'captured',
      action_url: null,
    });
    expect(await ticketsOf(cart.id)).toBe(1);
    expect((await getJob(ctx, payment.job_id as string)).status).toBe('succeeded');
    // Another press of another button changes nothing.
    expect(await decideAction(world.system, payment.id, 'decline')).toContain('Payment approved');
    expect(await getPayment(ctx, cart.id, payment.id)).toMatchObject({ status: 'captured' });
  });

  it('opens the cart again when the page declines it', async () => {
    const ctx = world.buyer();
    const cart = await cartWithSeat('B2');
    const payment = await payByToken(ctx, cart.id, 'requires_action');
    expect(await decideAction(world.system, payment.id, 'decline')).toContain('Payment declined');
    expect(await getPayment(ctx, cart.id, payment.id)).toMatchObject({
      ...{ status: 'declined', failure_reason: 'declined_by_buyer', action_url: null },
    });
    expect(await getCart(ctx, cart.id)).toMatchObject({ status: 'open' });
    expect(await payByToken(ctx, cart.id, 'approved')).toMatchObject({ status: 'captured' });
  });

  it('has failed when nobody acts while the hold lasts', async () => {
    const ctx = world.buyer();
    const cart = await cartWithSeat('B3');
    const payment = await payByToken(ctx, cart.id, 'requires_action');
    await runAllJobs(world.system);
    expect(await getPayment(ctx, cart.id, payment.id)).toMatchObject({ status: 'requires_action' });
    await world.lapse(cart.id);
    await world.clear();
    await runAllJobs(world.system);
    expect(await getPayment(ctx, cart.id, payment.id)).toMatchObject({
      ...{ status: 'failed', failure_reason: 'expired' },
    });
    expect(await getCart(ctx, cart.id)).toMatchObject({ status: 'expired' });
    expect(await codeOf(getJobResult(ctx, payment.job_id as string))).toBe('payment_declined');
  });

  it('has no page for a payment that there is not', async () => {
    const id = '018f0000-0000-7000-8000-000000000000';
    expect(await codeOf(showAction(world.system, id))).toBe('not_found');
    expect(await codeOf(decideAction(world.system, id, 'approve'))).toBe('not_found');
  });
});

describe('a card that is pending', () => {
  it('is captured by a look-up once the provider has settled it', async () => {
    const ctx = world.buyer();
    const cart = await fill(ctx, adults());
    const payment = await payByToken(ctx, cart.id, 'pending');
    expect(payment).toMatchObject({ status: 'pending', action_url: null });
    await runAllJobs(world.system);
    expect((await getPayment(ctx, cart.id, payment.id)).status).toBe('pending');
    const next = await world.sql<{ attempt: number; wait: number }>(
      `SELECT (payload ->> 'attempt')::int AS attempt, extract(epoch FROM run_at - now())::int AS wait
       FROM graphile_worker._private_jobs WHERE key = $1`,
      `payment:${payment.id}`,
    );
    expect(next).toEqual([{ attempt: 2, wait: 6 }]);
    await world.sql('UPDATE sandbox_charge SET settles_at = now() WHERE id = $1', payment.id);
    await runAllJobs(world.system);
    expect((await getPayment(ctx, cart.id, payment.id)).status).toBe('captured');
    expect(await ticketsOf(cart.id)).toBe(1);
    expect((await getJob(ctx, payment.job_id as string)).status).toBe('succeeded');
  });
});

describe('a call that is not answered', () => {
  it('leaves the payment pending, and a look-up finds the charge', async () => {
    const back = instead(world.system, { timeout: 100 });
    const cart = await fill(world.buyer(), adults());
    const ctx = world.buyer({ key: 'timeout' });
    const payment = await payByToken(ctx, cart.id, 'timeout');
    back();
    expect(payment.status).toBe('pending');
    expect(ctx.idempotency?.state).toBe('answered');
    await runAllJobs(world.system);
    expect((await getPayment(world.buyer(), cart.id, payment.id)).status).toBe('captured');
    expect(await ticketsOf(cart.id)).toBe(1);
  });

  it('leaves it pending, too, when the provider fails or does not heed its time limit', async () => {
    for (const charge of [
      () => Promise.reject(new Error('502')),
      () => {
        throw new Error('at once');
      },
      () => new Promise<never>(() => {}),
    ]) {
      const back = instead(world.system, { timeout: 50, charge });
      const cart = await fill(world.buyer(), adults());
      const payment = await payByToken(world.buyer(), cart.id, 'approved');
      back();
      expect(payment.status).toBe('pending');
      await runAllJobs(world.system); // the provider has never heard of it
      expect(await getPayment(world.buyer(), cart.id, payment.id)).toMatchObject({
        ...{ status: 'failed', failure_reason: 'not_charged' },
      });
      expect(await payByToken(world.buyer(), cart.id, 'approved')).toMatchObject({ status: 'captured' });
    }
  });
});
