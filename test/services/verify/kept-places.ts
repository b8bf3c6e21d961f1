import { insertRows } from '../../../prisma/seed/rows.ts';
import { inTransaction } from '../../../src/db/transaction.ts';
import { createBlock, deleteBlock } from '../../../src/services/blocks/write.ts';
import { openCart } from '../../../src/services/carts/hold.ts';
import { pay } from '../../../src/services/payments/pay.ts';
import { putPricing } from '../../../src/services/price-rules/write.ts';
import { refundCart } from '../../../src/services/refunds/refund.ts';
import { makeEvent, seatedSection, standingSection } from '../../helpers/catalogue.ts';
import { fill } from '../../helpers/payments.ts';
import type { SalesWorld } from '../../helpers/sales-world.ts';

/** An event with blocks inside blocks, released ones, allotments sold from and given back to, and prices until a number is sold. */
export async function keepPlaces(world: SalesWorld): Promise<void> {
  const { system, company_id, web, pos } = world;
  const { event_id, map_id, section_ids, ticket_type_ids } = await inTransaction(system.db, async (tx) => {
    const sections = [seatedSection('Stalls', 1, 10), standingSection('Floor', 40)];
    const made = await makeEvent(tx, { company_id, interface_id: web.id }, sections, { name: 'Kept' });
    await insertRows(tx, 'event_interface', [{ company_id, event_id: made.event_id, interface_id: pos.id }]);
    return made;
  });
  const admin = world.seller({ scopes: ['public', 'sell', 'admin'] });
  const partner = world.seller({ interface: pos });
  const [seated, standing] = ticket_type_ids as [number, number];
  const floor = section_ids[1] as number;
  const rows = await world.sql<{ id: number }>('SELECT id FROM seat WHERE map_id = $1 ORDER BY id', map_id);
  const seats = rows.map(({ id }) => id);
  await putPricing(admin, event_id, {
    price_phases: [
      { ticket_type_id: standing, name: 'early', price: 3_000, until_sold: 4 },
      { ticket_type_id: standing, name: 'next', price: 4_000, until_sold: 6 },
    ],
    quantity_rules: [],
  });

  const allotment = { kind: 'allotment', name: 'Partner', interface_id: pos.id } as const;
  const outer = await createBlock(admin, event_id, { ...allotment, section_id: floor, quantity: 20 });
  const inside = { kind: 'hold', section_id: floor, parent_id: outer.id } as const;
  await createBlock(admin, event_id, { ...inside, name: 'The band', quantity: 3 });
  const gone = await createBlock(admin, event_id, { ...inside, name: 'Their friends', quantity: 2 });
  await deleteBlock(admin, event_id, gone.id);
  await createBlock(admin, event_id, { ...allotment, overflow: true, seat_ids: seats.slice(0, 3) });
  await createBlock(admin, event_id, { kind: 'kill', name: 'Pillar', seat_ids: seats.slice(3, 5) });
  const released = await createBlock(admin, event_id, {
    ...{ kind: 'house', name: 'House', seat_ids: seats.slice(5, 6) },
  });
  await deleteBlock(admin, event_id, released.id);

  const some = (quantity: number) => ({ ticket_type_id: standing, quantity });
  const sell = async (ctx: typeof admin, quantity: number, ...seat_ids: number[]) => {
    const items = seat_ids.length ? [{ ticket_type_id: seated, seat_ids }] : [];
    const cart = await openCart(ctx, { items: [some(quantity), ...items] });
    await pay(ctx, cart.id, { method: 'cash' });
    return cart;
  };
  await sell(partner, 3, seats[0] as number);
  await sell(admin, 2);
  const back = await sell(partner, 2, seats[1] as number);
  await refundCart(partner, back.id, { reason: 'changed plans' });
  await fill(partner, [some(1)]);
  await fill(admin, [some(1)]);
}
