import { describe, expect, it } from 'vitest';
import type { AddSaleDetails } from '../../../src/schemas/carts.ts';
import { cancelCart } from '../../../src/services/carts/change.ts';
import { addSaleDetails, openCart } from '../../../src/services/carts/hold.ts';
import { stockKept } from '../../helpers/kept-world.ts';
import { codeOf, refusalOf } from '../../helpers/refusal.ts';
import type { SalesWorld } from '../../helpers/sales-world.ts';
import { salesRows } from '../../helpers/stock-audit.ts';

let world: SalesWorld;
stockKept((made) => {
  world = made;
});

type Ask = NonNullable<AddSaleDetails['items'][number]['best_available']>;
const best = (ask: Ask, ticket_type_id = world.theatre.stall) => ({ ticket_type_id, best_available: ask });
const labels = (lines: { seat: { row: string; number: string } | null }[]) =>
  lines.map(({ seat }) => `${seat?.row}${seat?.number}`);
const pick = async (...asks: ReturnType<typeof best>[]) =>
  labels((await openCart(world.buyer(), { items: asks })).sale_details);
const seat = (label: string): number => world.theatre.seats[label] as number;
/** Takes all seats but the ones named out of sale, while `work` runs. */
const withOnly = async (free: string[], work: () => Promise<void>) => {
  const left = free.map(seat);
  const put = (status: string) =>
    world.sql(
      `UPDATE event_seat SET status = $3::seat_status, version = pg_current_xact_id()::text::bigint
       WHERE event_id = $1 AND NOT seat_id = ANY($2)`,
      world.theatre.event_id,
      left,
      status,
    );
  await put('blocked');
  await work().finally(async () => {
    await world.clear();
    await put('available');
  });
};

describe('the seats', () => {
  it('are the ones nearest to the stage, side by side', async () => {
    expect(await pick(best({ quantity: 2 }))).toEqual(['A5', 'A6']);
    expect(await pick(best({ quantity: 2 }))).toEqual(['B5', 'B6']);
  });

  it('are in the section that is named, or one of the type', async () => {
    const { boxes, box } = world.theatre;
    for (const item of [best({ quantity: 2, section_id: boxes }), best({ quantity: 2 }, box)])
      for (const label of await pick(item)) expect(label).toMatch(/^F/);
  });

  it('of one request are picked one item after the other', async () => {
    const seats = await pick(best({ quantity: 2 }), best({ quantity: 2 }));
    expect(new Set(seats).size).toBe(4);
  });

  it('are none that the same request chooses', async () => {
    const items = [best({ quantity: 2 }), { ticket_type_id: world.theatre.stall, seat_ids: [seat('A5')] }];
    const { sale_details } = await openCart(world.buyer(), { items });
    expect(new Set(labels(sale_details)).size).toBe(3);
  });

  it('are accessible ones only when asked for', async () => {
    const { box } = world.theatre;
    expect(await codeOf(openCart(world.buyer(), { items: [best({ quantity: 9 }, box)] }))).toBe('sold_out');
    expect(await pick(best({ quantity: 8 }, box))).not.toContain('F9');
    expect(await pick(best({ quantity: 2, accessible: true }))).toEqual(['F9', 'F10']);
    expect(await codeOf(openCart(world.buyer(), { items: [best({ quantity: 1, accessible: true })] }))).toBe(
      'sold_out',
    );
  });

  it('may be those of an overdue cart, swept or not', async () => {
    const { id } = await openCart(world.buyer(), { items: [best({ quantity: 2 })] });
    expect(await pick(best({ quantity: 2 }))).not.toContain('A5');
    await world.lapse(id);
    expect(await pick(best({ quantity: 2 }))).toEqual(['A5', 'A6']);
  });
});

describe('when they do not suffice', () => {
  it('is all refused, and told how many are left', async () => {
    await withOnly(['A1', 'B1', 'F9'], async () => {
      const before = await salesRows(world.system);
      const refusal = await refusalOf(openCart(world.buyer(), { items: [best({ quantity: 3 })] }));
      expect(refusal).toMatchObject({ code: 'sold_out', facts: { available: 2, item: 0 } });
      const together = [best({ quantity: 2, together: true })];
      expect(await codeOf(openCart(world.buyer(), { items: together }))).toBe('sold_out');
      const twice = [best({ quantity: 1 }), best({ quantity: 1 }), best({ quantity: 1 })];
      expect(await refusalOf(openCart(world.buyer(), { items: twice }))).toMatchObject({
        code: 'sold_out',
        facts: { item: 2 },
      });
      expect(await salesRows(world.system)).toEqual(before);
      expect(await pick(best({ quantity: 2 }))).toEqual(['A1', 'B1']);
    });
  });
});

describe('requests of one moment', () => {
  it('are given different seats, as many as there are', async () => {
    await withOnly(['A1', 'A2', 'A3', 'A4', 'C1', 'C2', 'C3'], async () => {
      const asked = Array.from({ length: 6 }, () =>
        pick(best({ quantity: 2, together: true })).catch((refusal) => refusal.code),
      );
      const outcomes = await Promise.all(asked);
      const seats = outcomes.filter(Array.isArray).flat();
      expect(new Set(seats).size).toBe(6);
      expect(outcomes.filter((code) => code === 'sold_out')).toHaveLength(3);
    });
  });

  it('do not lose the last seats to one that comes to nothing', async () => {
    await withOnly(['A1', 'A2'], async () => {
      const gone = await openCart(world.buyer(), {});
      await cancelCart(world.buyer(), gone.id);
      const items = [best({ quantity: 2 })];
      const [refused, held] = await Promise.all([
        codeOf(addSaleDetails(world.buyer(), gone.id, { items })),
        pick(...items),
      ]);
      // The cart that is gone learns of that, or of the seats that went before it was looked at.
      expect(['cart_not_open', 'sold_out']).toContain(refused);
      expect(held).toEqual(['A1', 'A2']);
    });
  });
});
