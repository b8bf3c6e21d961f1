import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { getCart } from '../../../src/services/carts/read.ts';
import { getPayment } from '../../../src/services/payments/read.ts';
import { PAYMENT_TRANSITIONS } from '../../../src/services/payments/transitions.ts';
import { moneyFaults } from '../../helpers/money-audit.ts';
import { fill, payByToken, runAllJobs, tell } from '../../helpers/payments.ts';
import { type SalesWorld, salesWorld } from '../../helpers/sales-world.ts';
import { stockFaults } from '../../helpers/stock-audit.ts';

let world: SalesWorld;
beforeAll(async () => {
  world = await salesWorld();
  await world.sql('UPDATE event_section SET capacity = 100000 WHERE section_id = $1', world.festival.floor);
});
afterAll(() => world.close());

const STEPS = [
  'captured',
  'declined',
  'pending',
  'requires_action',
  'the last one again',
  'the hold runs out',
  'the sweeper comes by',
  'somebody takes the places',
  'the buyer pays anew',
  'the worker runs',
] as const;
type Step = (typeof STEPS)[number];

it('whatever is told in whatever order: tickets for the money, or the money back', async () => {
  const steps = fc.array(fc.constantFrom(...STEPS), { minLength: 1, maxLength: 9 });
  await fc.assert(
    fc.asyncProperty(steps, async (steps) => {
      const { cart_id, payment_id } = await play(steps);
      expect(await moneyFaults(world.system)).toEqual({});
      expect(await stockFaults(world.system)).toEqual({});
      const payment = await getPayment(world.seller(), cart_id, payment_id);
      const cart = await getCart(world.seller(), cart_id);
      // The provider took the money if and only if it ever said so; then it was either kept for tickets or given back.
      const taken = steps.includes('captured');
      expect(['captured', 'refunded'].includes(payment.status)).toBe(taken);
      if (payment.status === 'captured') expect(cart.status).toBe('paid');
      if (cart.status === 'paid') expect(cart.totals.paid).toBe(cart.totals.total);
    }),
    { numRuns: 50, endOnFailure: true },
  );
}, 180_000);

/** Plays a story of one payment; its sections are the story's own, so that stories do not meet. */
async function play(steps: readonly Step[]): Promise<{ cart_id: string; payment_id: string }> {
  const { balcony, adult } = world.festival;
  await world.sql('UPDATE event_section SET capacity = sold + held + 2 WHERE section_id = $1', balcony);
  const ctx = world.buyer();
  const items = [{ ticket_type_id: adult, quantity: 2, section_id: balcony }];
  const cart = await fill(ctx, items);
  const payment = await payByToken(ctx, cart.id, 'requires_action');
  let events = 0;
  let last: 'captured' | 'declined' | 'pending' | 'requires_action' = 'requires_action';
  const play: Record<Step, () => Promise<unknown>> = {
    captured: () => say('captured'),
    declined: () => say('declined'),
    pending: () => say('pending'),
    requires_action: () => say('requires_action'),
    'the last one again': () =>
      tell(world.system, payment, last, events ? `${payment.id} ${events}` : undefined),
    'the hold runs out': () => world.lapse(cart.id),
    'the sweeper comes by': () => world.clear(),
    'somebody takes the places': () => fill(world.buyer(), items),
    'the buyer pays anew': () => payByToken(ctx, cart.id, 'approved'),
    'the worker runs': () => runAllJobs(world.system),
  };
  const say = (status: typeof last) => {
    last = status;
    events++;
    return tell(world.system, payment, status, `${payment.id} ${events}`);
  };
  for (const step of steps) await play[step]().catch((error) => expect(error).toHaveProperty('code'));
  await world.clear();
  return { cart_id: cart.id, payment_id: payment.id };
}

it('every state of a payment can be reached, and money that was taken never un-happens', () => {
  const states = Object.keys(PAYMENT_TRANSITIONS);
  const reachable = new Set<string>(['pending']);
  for (const state of reachable)
    for (const next of PAYMENT_TRANSITIONS[state as keyof typeof PAYMENT_TRANSITIONS]) reachable.add(next);
  expect([...reachable].sort()).toEqual(states.sort());
  for (const state of ['captured', 'partially_refunded', 'refunded'] as const)
    for (const next of PAYMENT_TRANSITIONS[state]) expect(['partially_refunded', 'refunded']).toContain(next);
});
