import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Context } from '../../../src/context.ts';
import type { RefundRequest } from '../../../src/schemas/payments.ts';
import type { CartView } from '../../../src/services/carts/present.ts';
import { getCart } from '../../../src/services/carts/read.ts';
import { listRefunds } from '../../../src/services/refunds/read.ts';
import { refundCart } from '../../../src/services/refunds/refund.ts';
import type { System } from '../../../src/system.ts';
import { expectBooksAgree } from '../../helpers/books-agree.ts';
import { fill, instead, payByToken, runAllJobs } from '../../helpers/payments.ts';
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

const firstPage = { page: 1, per_page: 10, limit: 10, offset: 0 };
const adults = (quantity: number) => [{ ticket_type_id: world.festival.adult, quantity }];
const paidCart = async (items: Parameters<typeof fill>[1], token = 'approved'): Promise<CartView> => {
  const cart = await fill(ctx, items);
  await payByToken(ctx, cart.id, token);
  return getCart(ctx, cart.id);
};
const refund = (cart: { id: string }, request: Partial<RefundRequest> = {}, by = ctx) =>
  refundCart(by, cart.id, { reason: 'rain', ...request });

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
