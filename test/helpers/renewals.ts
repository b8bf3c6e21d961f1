import { pay } from '../../src/services/payments/pay.ts';
import { patchSubscription } from '../../src/services/subscriptions/change.ts';
import { createSubscription } from '../../src/services/subscriptions/create.ts';
import { getSubscription } from '../../src/services/subscriptions/read.ts';
import { workOffDue } from '../../src/services/subscriptions/renewals.ts';
import type { SubscriptionView } from '../../src/services/subscriptions/row.ts';
import { DAY, type SalesWorld } from './sales-world.ts';

/** Buys a subscription of Ana's with a card that the sandbox keeps. */
export async function subscribe(
  world: SalesWorld,
  plan_setting_id: number,
  token = 'approved',
  save = true,
): Promise<SubscriptionView> {
  const ana = world.buyer({ user_id: world.ana });
  const { id, cart_id } = await createSubscription(ana, { plan_setting_id });
  const card = { token: `sandbox_${token}`, save };
  await pay(ana, cart_id as string, { method: 'card', card });
  return getSubscription(ana, id);
}

/** Gives a subscription another card. */
export const newCard = (world: SalesWorld, id: string, token: string): Promise<SubscriptionView> =>
  patchSubscription(world.buyer({ user_id: world.ana }), id, { card: { token: `sandbox_${token}` } });

export const later = (at: Date, days: number): Date => new Date(at.getTime() + days * DAY);

/** Lets the worker act as if it were some time. */
export const at = (world: SalesWorld, now: Date): Promise<void> => workOffDue(world.system, now);

/** How a subscription stands, in a few words. */
export async function stateOf(world: SalesWorld, id: string): Promise<string> {
  const { status, period, attempts } = await getSubscription(world.buyer({ user_id: world.ana }), id);
  return `${status} ${period}${attempts ? ` after ${attempts}` : ''}`;
}
