import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { getCart } from '../../../src/services/carts/read.ts';
import { getPayment } from '../../../src/services/payments/read.ts';
import { sandbox } from '../../../src/services/payments/sandbox/provider.ts';
import type { System } from '../../../src/system.ts';
import { moneyFaults, sandboxFaults } from '../../helpers/money-audit.ts';
import { fill, instead, payByToken, runAllJobs } from '../../helpers/payments.ts';
import { codeOf } from '../../helpers/refusal.ts';
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
const ticketsOf = async (cart_id: string) =>
  (await world.sql("SELECT id FROM ticket WHERE cart_id = $1 AND status = 'valid'", cart_id)).length;

describe('a process that dies during the call', () => {
  it('loses nothing: the look-up settles the cart and answers the Idempotency-Key', async () => {
    const doomed = world.processes(1, 2)[0] as System;
    let called = 0;
    instead(doomed, {
      timeout: 600_000,
      async charge(...call) {
        await sandbox.charge(...call);
        called++;
        return new Promise<never>(() => {}); // the answer finds nobody
      },
    });
    const cart = await fill(world.buyer(), adults(2));
    const ctx = { ...world.buyer({ key: 'crash' }), system: doomed };
    void payByToken(ctx, cart.id, 'approved').catch(() => {});
    while (!called) await new Promise((resolve) => setTimeout(resolve, 5));

    expect(await getCart(world.buyer(), cart.id)).toMatchObject({ status: 'pending_payment' });
    expect(await codeOf(payByToken(world.buyer({ key: 'crash' }), cart.id, 'approved'))).toBe(
      'idempotency_in_progress',
    );
    expect(await codeOf(payByToken(world.buyer(), cart.id, 'approved'))).toBe('cart_not_open');
    await runAllJobs(world.system);
    expect(await getCart(world.buyer(), cart.id)).toMatchObject({ status: 'paid' });
    expect(await ticketsOf(cart.id)).toBe(2);
    const [kept] = await world.sql<{ answered: boolean; result: { result: { status: string } } }>(
      "SELECT answered, result FROM idempotency_key WHERE key = 'crash'",
    );
    expect(kept).toMatchObject({
      answered: true,
      result: { result: { status: 'captured', cart_id: cart.id } },
    });
    expect(called).toBe(1);
  });

  it('is looked after by another worker when the one with its look-up died, too', async () => {
    const ctx = world.buyer();
    const cart = await fill(ctx, adults());
    const payment = await payByToken(ctx, cart.id, 'requires_action');
    await world.sql("UPDATE sandbox_charge SET status = 'captured' WHERE id = $1", payment.id);
    await world.sql(
      `UPDATE graphile_worker._private_jobs SET locked_by = 'dead', locked_at = now() - interval '3 minutes' WHERE key = $1`,
      `payment:${payment.id}`,
    );
    await world.sql(`UPDATE payment SET updated_at = now() - interval '3 minutes' WHERE id = $1`, payment.id);
    await runAllJobs(world.system);
    expect((await getPayment(ctx, cart.id, payment.id)).status).toBe('requires_action');
    await world.sql("SELECT graphile_worker.add_job('recover_payments')");
    await runAllJobs(world.system);
    expect((await getPayment(ctx, cart.id, payment.id)).status).toBe('captured');
  });
});
