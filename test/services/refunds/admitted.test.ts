import { afterAll, beforeAll, expect, it } from 'vitest';
import { refundCart } from '../../../src/services/refunds/refund.ts';
import { expectBooksAgree } from '../../helpers/books-agree.ts';
import { fill, payByToken } from '../../helpers/payments.ts';
import { refusalOf } from '../../helpers/refusal.ts';
import { type SalesWorld, salesWorld } from '../../helpers/sales-world.ts';

let world: SalesWorld;
beforeAll(async () => {
  world = await salesWorld();
});
afterAll(() => world.close());

it('a ticket counts as used though entries are left, or its holder went out and was given the entry back', async () => {
  const ctx = world.seller();
  const seat_ids = [world.theatre.seats.C3 as number];
  const { id: cart } = await fill(ctx, [{ ticket_type_id: world.theatre.stall, seat_ids }]);
  await payByToken(ctx, cart, 'approved');
  const [ticket] = await world.sql<{ id: string }>(
    'UPDATE ticket SET validated_at = now() WHERE cart_id = $1 RETURNING id',
    cart,
  );
  expect(await refusalOf(refundCart(ctx, cart, { reason: 'rain' }))).toMatchObject({
    code: 'conflict',
    facts: { used_ticket_ids: [ticket?.id] },
  });
  await refundCart(ctx, cart, { reason: 'rain', force: true });
  const after = await world.sql('SELECT status FROM ticket WHERE cart_id = $1', cart);
  expect(after).toEqual([{ status: 'void' }]);
  await expectBooksAgree(world.system);
});
