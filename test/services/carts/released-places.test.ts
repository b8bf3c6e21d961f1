import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Context } from '../../../src/context.ts';
import { openCart } from '../../../src/services/carts/hold.ts';
import { refusalOf } from '../../helpers/refusal.ts';
import { type SalesWorld, salesWorld } from '../../helpers/sales-world.ts';

let world: SalesWorld;
let ctx: Context;
beforeAll(async () => {
  world = await salesWorld();
  ctx = world.buyer();
});
afterEach(() => world.clear());
afterAll(() => world.close());

async function change(set: string): Promise<void> {
  await world.sql(`UPDATE event SET ${set}, version = version + 1 WHERE id = $1`, world.theatre.event_id);
  world.system.offers.drop(world.company_id, world.theatre.event_id);
}

it('best available gives accessible places and those of companions to everybody once they are released', async () => {
  const best = (quantity: number) => ({
    items: [{ ticket_type_id: world.theatre.box, best_available: { quantity, together: true } }],
  });
  expect((await refusalOf(openCart(ctx, best(10)))).code).toBe('sold_out');
  await change("accessible_until = now() - interval '1 hour'");
  expect((await openCart(ctx, best(10))).sale_details).toHaveLength(10);
  await change('accessible_until = NULL');
});
