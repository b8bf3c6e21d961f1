import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Context } from '../../../src/context.ts';
import type { RefundRequest } from '../../../src/schemas/payments.ts';
import { getCart } from '../../../src/services/carts/read.ts';
import { closeCashSession, getCashSession, openCashSession } from '../../../src/services/cash/sessions.ts';
import { pay } from '../../../src/services/payments/pay.ts';
import { sandbox } from '../../../src/services/payments/sandbox/provider.ts';
import { refundAtProvider } from '../../../src/services/refunds/provider.ts';
import { listRefunds } from '../../../src/services/refunds/read.ts';
import { retryRefund } from '../../../src/services/refunds/retry.ts';
import type { System } from '../../../src/system.ts';
import { uuidv7 } from '../../../src/uuid.ts';
import { expectBooksAgree } from '../../helpers/books-agree.ts';
import { fill, instead, payByToken, runAllJobs } from '../../helpers/payments.ts';
import { refunding } from '../../helpers/refunding.ts';
import { codeOf, refusalOf } from '../../helpers/refusal.ts';
import { type SalesWorld, salesWorld } from '../../helpers/sales-world.ts';

let world: SalesWorld;
let ctx: Context;
beforeAll(async () => {
  world = await salesWorld();
  ctx = world.seller();
  await world.sql('UPDATE event_section SET capacity = 10000 WHERE section_id = $1', world.festival.floor);
});
afterEach(async () => {
  await expectBooksAgree(world.system);
});
afterAll(() => world.close());

const { firstPage, adults, paidCart, refund } = refunding(() => world);

describe('a provider that gives back', () => {
  it('is asked again until it has, and knows the refund by its id', async () => {
    const cart = await paidCart(adults(1));
    const asked: string[] = [];
    const back = instead(world.system, {
      refund: async (_system, { refund_id }) => {
        asked.push(refund_id);
        if (asked.length === 1) throw new Error('502');
        return asked.length === 2
          ? { status: 'pending', reference: 're' }
          : { status: 'succeeded', reference: 're' };
      },
    });
    const made = await refund(cart);
    const status = async () => (await listRefunds(ctx, cart.id, firstPage)).items[0]?.status;
    await runAllJobs(world.system);
    await runAllJobs(world.system);
    expect(await status()).toBe('pending');
    await runAllJobs(world.system);
    expect(await status()).toBe('succeeded');
    expect(asked).toEqual([made.id, made.id, made.id]);
    back();
    await world.sql(
      'INSERT INTO sandbox_refund (id, charge_id, amount) VALUES ($1, $2, $3)',
      ...[made.id, made.payment_id, made.amount],
    );
  });

  it('may refuse: the refund has failed, and the books still owe it', async () => {
    const cart = await paidCart(adults(1));
    const back = instead(world.system, {
      refund: async () => ({ status: 'failed', reason: 'account closed' }),
    });
    const made = await refund(cart);
    await runAllJobs(world.system);
    back();
    expect(await listRefunds(ctx, cart.id, firstPage)).toMatchObject({ items: [{ status: 'failed' }] });
    await world.sql(
      'INSERT INTO sandbox_refund (id, charge_id, amount) VALUES ($1, $2, $3)',
      ...[made.id, made.payment_id, made.amount],
    );
  });

  it('that refused is asked again under another name: the money goes back once, whoever asks', async () => {
    const cart = await paidCart(adults(1));
    const asked: string[] = [];
    const back = instead(world.system, {
      refund: async (system, request, signal) => {
        asked.push(request.refund_id);
        return asked.length === 1
          ? { status: 'failed', reason: 'account_closed' }
          : sandbox.refund(system, request, signal);
      },
    });
    const made = await refund(cart);
    expect(await refusalOf(retryRefund(ctx, cart.id, made.id, { method: 'card' }))).toMatchObject({
      ...{ code: 'conflict', facts: { refund_status: 'pending' } },
    });
    await runAllJobs(world.system);
    const { items } = await listRefunds(ctx, cart.id, firstPage);
    expect(items).toMatchObject([
      { id: made.id, status: 'failed', parts: [{ failure_reason: 'account_closed' }] },
    ]);

    const tries = Array.from({ length: 50 }, (_, i) =>
      retryRefund(ctx, cart.id, made.id, { method: i % 2 ? 'card' : 'cash' }).catch(({ code }) => code),
    );
    const outcomes = await Promise.all(tries);
    expect(outcomes.filter((outcome) => outcome === 'conflict')).toHaveLength(49);
    await runAllJobs(world.system);
    const [first] = (await listRefunds(ctx, cart.id, firstPage)).items;
    expect(first).toMatchObject({ id: made.id, status: 'succeeded', amount: made.amount });
    const byHand = first?.parts[0]?.paid_by === 'cash';
    expect(asked).toHaveLength(byHand ? 1 : 2);
    expect(new Set(asked).size).toBe(asked.length);
    expect(await codeOf(retryRefund(ctx, cart.id, made.id, { method: 'cash' }))).toBe('conflict');
    expect((await getCart(ctx, cart.id)).totals.refunded).toBe(made.amount);
    back();
  });

  it('that answers late to the first try says nothing about the second', async () => {
    const cart = await paidCart(adults(1));
    let answer = () => {};
    const late = new Promise<void>((resolve) => {
      answer = resolve;
    });
    let calls = 0;
    const back = instead(world.system, {
      refund: async (system, request, signal) => {
        calls += 1;
        if (calls > 2) return sandbox.refund(system, request, signal);
        if (calls === 1) await late;
        return { status: 'failed', reason: 'account_closed' };
      },
    });
    const made = await refund(cart);
    const job = { company_id: ctx.company_id, refund_id: made.id };
    const slow = refundAtProvider(world.system, job);
    await runAllJobs(world.system); // another worker, which took the slow one for dead
    await retryRefund(ctx, cart.id, made.id, { method: 'card' });
    answer();
    await slow;
    const status = async () => (await listRefunds(ctx, cart.id, firstPage)).items[0]?.status;
    expect(await status()).toBe('pending');
    await runAllJobs(world.system);
    expect([await status(), calls]).toEqual(['succeeded', 3]);
    back();
  });

  it('that refused for good: what was paid by hand is done, out of the drawer, and written down', async () => {
    const drawer = await openCashSession(ctx, { opening: 9_000 });
    const cart = await fill(ctx, adults(2));
    await pay(ctx, cart.id, { method: 'cash', amount: 3_000 });
    await payByToken(ctx, cart.id, 'approved');
    const back = instead(world.system, {
      refund: async () => ({ status: 'failed', reason: 'account_closed' }),
    });
    const made = await refund(cart, { amount: 5_000 });
    await runAllJobs(world.system);
    back();
    const again = await retryRefund(ctx, cart.id, made.id, { method: 'cash' });
    expect(again).toMatchObject({
      ...{ id: made.id, amount: 5_000, status: 'succeeded' },
      parts: [
        { amount: 3_000, status: 'succeeded', failure_reason: null, paid_by: null },
        { amount: 2_000, status: 'succeeded', failure_reason: 'account_closed', paid_by: 'cash' },
      ],
    });
    expect(await listRefunds(ctx, cart.id, firstPage)).toEqual({ items: [again], total: 1 });
    expect(await getCashSession(ctx, drawer.id)).toMatchObject({ refunds: 5_000, expected: 9_000 - 2_000 });
    await closeCashSession(ctx, drawer.id, { counted: 7_000 });
    expect(
      await world.sql(
        "SELECT before, after FROM audit_log WHERE action = 'refund.retry' AND subject_id = $1",
        cart.id,
      ),
    ).toEqual([
      {
        before: { refund_id: made.id, failure_reasons: ['account_closed'] },
        after: { method: 'cash', amount: 2_000 },
      },
    ]);
    expect(await codeOf(retryRefund(ctx, cart.id, uuidv7(), { method: 'cash' }))).toBe('not_found');
    const pos = world.seller({ interface: world.pos });
    expect(await codeOf(retryRefund(pos, cart.id, made.id, { method: 'cash' }))).toBe('not_found');
  });

  it('is asked by another worker when the one with the task died', async () => {
    const cart = await paidCart(adults(1));
    const made = await refund(cart);
    await world.sql(
      `UPDATE graphile_worker._private_jobs SET locked_by = 'dead', locked_at = now() - interval '3 minutes' WHERE key = $1`,
      `refund:${made.id}`,
    );
    await world.sql(`UPDATE refund SET updated_at = now() - interval '3 minutes' WHERE id = $1`, made.id);
    await world.sql("SELECT graphile_worker.add_job('recover_payments')");
    await runAllJobs(world.system);
    await runAllJobs(world.system);
    expect(await listRefunds(ctx, cart.id, firstPage)).toMatchObject({ items: [{ status: 'succeeded' }] });
  });
});

describe('refunds at once', () => {
  it('never give back more than was paid: 20 connections, whole, by line and by amount', async () => {
    const cart = await paidCart(adults(4));
    const ids = cart.sale_details.map(({ id }) => id);
    const systems = [world.system, world.processes(1, 10)[0] as System];
    const requests: Partial<RefundRequest>[] = Array.from({ length: 20 }, (_, i) =>
      i % 4 === 0 ? {} : i % 4 === 1 ? { amount: 2_000 } : { sale_detail_ids: [ids[i % 4] as string] },
    );
    const done = await Promise.allSettled(
      requests.map((request, i) =>
        refund(cart, request, { ...ctx, system: systems[i % 2] as SalesWorld['system'] }),
      ),
    );
    const given = done.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
    expect(given.reduce((sum, { amount }) => sum + amount, 0)).toBe(cart.totals.total);
    for (const each of done)
      if (each.status === 'rejected') expect(each.reason).toMatchObject({ code: 'refund_exceeds_paid' });
    expect(await getCart(ctx, cart.id)).toMatchObject({ status: 'refunded' });
  });
});
