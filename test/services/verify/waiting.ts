import { cancelCart } from '../../../src/services/carts/change.ts';
import { openCart } from '../../../src/services/carts/hold.ts';
import { pay } from '../../../src/services/payments/pay.ts';
import { getEntry } from '../../../src/services/waitlist/read.ts';
import { waitlistRound } from '../../../src/services/waitlist/round.ts';
import type { SalesWorld } from '../../helpers/sales-world.ts';
import { join } from '../../helpers/waitlist.ts';

/** A sold-out event with parties that wait, have an offer, and got what they waited for. */
export async function waitForPlaces(world: SalesWorld): Promise<void> {
  const { event_id, type } = world.abroad;
  const hold = (quantity: number) =>
    openCart(world.seller(), { items: [{ ticket_type_id: type, quantity }] });
  const [one, other] = [await hold(2), await hold(2)];
  await hold(6);
  const first = await join(world, event_id, 'first', 2);
  for (const name of ['second', 'third']) await join(world, event_id, name, 2);
  await cancelCart(world.seller(), one.id);
  await waitlistRound(world.system);
  const { cart_id } = await getEntry(world.buyer(), event_id, first.id);
  await pay(world.seller(), cart_id as string, { method: 'cash' });
  await cancelCart(world.seller(), other.id);
  await waitlistRound(world.system);
}
