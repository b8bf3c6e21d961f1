import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Context } from '../../../src/context.ts';
import type { AddSaleDetails } from '../../../src/schemas/carts.ts';
import { addSaleDetails, openCart } from '../../../src/services/carts/hold.ts';
import { deleteSaleDetail } from '../../../src/services/carts/lines.ts';
import type { CartView } from '../../../src/services/carts/present.ts';
import { quoteExchange } from '../../../src/services/exchanges/quote.ts';
import { pay } from '../../../src/services/payments/pay.ts';
import type { System } from '../../../src/system.ts';
import { contextOf } from '../../helpers/context.ts';
import { fill } from '../../helpers/payments.ts';
import { codeOf, refusalOf } from '../../helpers/refusal.ts';
import { type SalesWorld, salesWorld } from '../../helpers/sales-world.ts';
import { stockFaults } from '../../helpers/stock-audit.ts';

// Rows A to E of ten seats; of row F the ninth is accessible and the tenth its companion's.

let world: SalesWorld;
let ctx: Context;
let office: Context;
let processes: System[];
beforeAll(async () => {
  world = await salesWorld();
  ctx = world.buyer();
  office = world.seller();
  processes = world.processes(10);
});
afterEach(async () => {
  expect(await stockFaults(world.system)).toEqual({});
  await world.clear();
  await setEvent({ orphan_rule: true, accessible_until: null });
});
afterAll(async () => {
  expect(await world.endProcesses()).toBe(0);
  await world.close();
});

async function setEvent(columns: Record<string, unknown>): Promise<void> {
  for (const [name, value] of Object.entries(columns))
    await world.sql(
      `UPDATE event SET ${name} = $2, version = version + 1 WHERE id = $1`,
      world.theatre.event_id,
      value,
    );
  world.system.offers.drop(world.company_id, world.theatre.event_id);
}
beforeAll(() => setEvent({ orphan_rule: true }));

const seat = (label: string) => world.theatre.seats[label] as number;
const seats = (...labels: string[]): AddSaleDetails['items'] => [
  { ticket_type_id: world.theatre.stall, seat_ids: labels.map(seat) },
];
const best = (quantity: number, more: object = {}): AddSaleDetails['items'] => [
  { ticket_type_id: world.theatre.stall, best_available: { quantity, ...more } },
];
const labelsOf = ({ sale_details }: Pick<CartView, 'sale_details'>) =>
  sale_details.map(({ seat: s }) => `${s?.row}${s?.number}`);
const held = () =>
  world.sql<{ n: number }>("SELECT count(*)::int AS n FROM event_seat WHERE status = 'held'");

describe('a lone seat', () => {
  it('is refused with what is left alone and what may be chosen instead; nothing is held', async () => {
    const refusal = await refusalOf(fill(ctx, seats('A2', 'A3')));
    expect(refusal.code).toBe('orphan_seat');
    expect(refusal.facts).toMatchObject({
      ...{ event_id: world.theatre.event_id, orphan_seat_ids: [seat('A1')], rule: 'orphan_seat', items: [0] },
    });
    const [first] = refusal.facts.alternatives as { kind: string; seat_ids: number[] }[];
    expect(first).toMatchObject({ kind: 'adjacent_seats', seats: [{ row: 'A' }, { row: 'A' }] });
    expect(await held()).toEqual([{ n: 0 }]);
    const items = [{ ticket_type_id: world.theatre.stall, seat_ids: first?.seat_ids as number[] }];
    expect((await fill(ctx, items)).status).toBe('open');
  });

  it('between two carts, and between seats of one', async () => {
    await fill(ctx, seats('B1', 'B2'));
    expect(await codeOf(fill(ctx, seats('B4', 'B5')))).toBe('orphan_seat');
    expect(await codeOf(fill(ctx, seats('C1', 'C3')))).toBe('orphan_seat');
    expect((await fill(ctx, seats('B3', 'B4'))).status).toBe('open');
  });

  it('all that is chosen in a request is judged together', async () => {
    const { stall } = world.theatre;
    const items = (label: string) => [
      { ticket_type_id: stall, seat_ids: [seat('A1'), seat('A3')] },
      { ticket_type_id: stall, seat_ids: [seat(label)] },
    ];
    const { facts } = await refusalOf(fill(ctx, items('A4')));
    expect(facts).toMatchObject({ orphan_seat_ids: [seat('A2')], items: [0, 1] });
    expect((await fill(ctx, items('A2'))).status).toBe('open');
  });

  it('may be left where there is no other way', async () => {
    await fill(ctx, seats('A1', 'A2', 'A3', 'A4', 'A5', 'A6', 'A7'));
    expect(await codeOf(fill(ctx, seats('A9')))).toBe('orphan_seat');
    expect((await fill(ctx, seats('A9', 'A10'))).status).toBe('open'); // of three free seats two: one is left
    expect((await fill(ctx, seats('A8'))).status).toBe('open');
  });

  it('is the same to what the cart holds already, and to a hold that has run out', async () => {
    const cart = await fill(ctx, seats('D1', 'D2'));
    expect(await codeOf(addSaleDetails(ctx, cart.id, { items: seats('D4') }))).toBe('orphan_seat');
    await addSaleDetails(ctx, cart.id, { items: seats('D3') });
    await world.lapse(cart.id);
    expect(await codeOf(fill(ctx, seats('D2')))).toBe('orphan_seat'); // D1 would be alone; the old hold is worth nothing
    expect((await fill(ctx, seats('D3'))).status).toBe('open');
  });

  it('a dry run says the same', async () => {
    const dry = { ...ctx, dry_run: true };
    expect(await codeOf(fill(dry, seats('A2')))).toBe('orphan_seat');
    expect((await fill(dry, seats('A1'))).status).toBe('open');
    expect(await held()).toEqual([{ n: 0 }]);
  });

  it('does not matter where the event has no such rule', async () => {
    await setEvent({ orphan_rule: false });
    expect((await fill(ctx, seats('A2'))).status).toBe('open');
    expect((await fill(ctx, seats('A4'))).status).toBe('open');
  });

  it('best available leaves none, also when only the best are asked for, wherever they are', async () => {
    for (const together of [true, false, undefined])
      for (let i = 0; i < 3; i++) {
        const cart = await fill(ctx, best(3, together === undefined ? {} : { together }));
        expect(labelsOf(cart)).toHaveLength(3);
      }
    const free = await world.sql<{ label: string }>(
      `SELECT r.label || s.number AS label FROM event_seat e JOIN seat s ON s.id = e.seat_id JOIN seat_row r ON r.id = s.row_id
       WHERE e.event_id = $1 AND e.status = 'available' AND NOT EXISTS (
         SELECT FROM event_seat f JOIN seat t ON t.id = f.seat_id WHERE f.event_id = e.event_id AND t.row_id = s.row_id
           AND abs(t.position - s.position) = 1 AND f.status = 'available')`,
      world.theatre.event_id,
    );
    expect(free.filter(({ label }) => !label.startsWith('F'))).toHaveLength(0);
  });

  it('seats and best available in one request: picked around what was chosen', async () => {
    const cart = await fill(ctx, [...seats('A1', 'A2'), ...best(2, { section_id: world.theatre.stalls })]);
    expect(labelsOf(cart)).toHaveLength(4);
  });

  it('an exchange is judged as if its seats were back', async () => {
    const cart = await fill(office, seats('E4', 'E5'));
    await pay(office, cart.id, { method: 'cash' });
    const ids = cart.sale_details.map(({ id }) => id);
    const quote = (items: AddSaleDetails['items'], more = {}) =>
      quoteExchange(office, cart.id, { sale_detail_ids: ids, items, ...more });
    expect(await codeOf(quote(seats('E7', 'E9')))).toBe('orphan_seat');
    const last = await codeOf(quote(seats('E2', 'E3')));
    expect(last).toBe('orphan_seat'); // E1 would be alone
    expect((await quote(seats('E6', 'E7'))).status).toBe('quoted'); // E5 is free again, so nobody is alone
    const reason = 'the family asked for it';
    expect((await quote(seats('E2', 'E3'), { override_seat_rules: { reason } })).status).toBe('quoted');
    expect(await audits(cart.id)).toMatchObject([
      { after: { reason, set_aside: [{ rule: 'orphan_seat', seat_ids: [seat('E1')] }] } },
    ]);
  });
});

const audits = (cart_id: string) =>
  world.sql(
    "SELECT action, before, after, client_id FROM audit_log WHERE subject_type = 'cart' AND subject_id = $1 ORDER BY id",
    cart_id,
  );

describe('a seller sets the rules aside', () => {
  const override_seat_rules = { reason: 'wheelchair beside the aisle' };

  it('with a reason, which the audit log keeps with the seats', async () => {
    const cart = await openCart(office, { items: seats('A2'), override_seat_rules });
    await addSaleDetails(office, cart.id, { items: seats('A5'), override_seat_rules }); // A3 and A4: nobody is alone
    await addSaleDetails(office, cart.id, { items: seats('F10'), override_seat_rules });
    const { event_id } = world.theatre;
    const { reason } = override_seat_rules;
    const entry = (rule: string, label: string) => ({
      ...{ action: 'cart.override_seat_rules', before: null, client_id: 'office' },
      after: { reason, set_aside: [{ rule, event_id, seat_ids: [seat(label)] }] },
    });
    expect(await audits(cart.id)).toEqual([entry('orphan_seat', 'A1'), entry('companion_seat', 'F10')]);
  });

  it('and nobody else does; a dry run keeps nothing', async () => {
    expect(await codeOf(openCart(ctx, { items: seats('A2'), override_seat_rules }))).toBe(
      'insufficient_scope',
    );
    const cart = await openCart(ctx, {});
    const adding = addSaleDetails(ctx, cart.id, { items: seats('A2'), override_seat_rules });
    expect(await codeOf(adding)).toBe('insufficient_scope');
    const dry = await openCart({ ...office, dry_run: true }, { items: seats('A2'), override_seat_rules });
    expect(await audits(dry.id)).toEqual([]);
  });
});

describe("a companion's seat", () => {
  it('is sold with the accessible seat, in one request or by the cart that has it', async () => {
    const refusal = await refusalOf(fill(ctx, seats('F10')));
    expect(refusal.code).toBe('companion_seat');
    expect(refusal.facts).toMatchObject({
      ...{ companion_seat_ids: [seat('F10')], accessible_seat_ids: [seat('F9')], rule: 'companion_seat' },
      alternatives: [{ kind: 'with_accessible_seat', seat_ids: [seat('F10'), seat('F9')] }],
    });
    const together = await fill(ctx, seats('F9', 'F10'));
    const [line] = together.sale_details;
    const refused = await refusalOf(deleteSaleDetail(ctx, together.id, line?.id as string));
    expect(refused.code).toBe('conflict');
    expect(refused.facts).toMatchObject({ sale_detail_ids: [together.sale_details[1]?.id] });
    for (const { id } of together.sale_details.toReversed()) await deleteSaleDetail(ctx, together.id, id);

    const alone = await fill(ctx, seats('F9'));
    const { facts } = await refusalOf(fill(ctx, seats('F10'))); // another cart's accessible seat is no help
    expect(facts.alternatives).toEqual([]);
    expect(await addSaleDetails(ctx, alone.id, { items: seats('F10') })).toHaveLength(1);
  });

  it('goes also when the accessible seat was bought; an exchange leaves it not behind', async () => {
    const cart = await fill(office, seats('F9'));
    await pay(office, cart.id, { method: 'cash' });
    const pair = await fill(office, [
      { ticket_type_id: world.theatre.box, seat_ids: [seat('F1'), seat('F2')] },
    ]);
    await pay(office, pair.id, { method: 'cash' });
    const swap = (items: AddSaleDetails['items'], more = {}) =>
      quoteExchange(office, pair.id, {
        ...{ sale_detail_ids: [pair.sale_details[0]?.id as string], items },
        ...more,
      });
    expect(await codeOf(swap(seats('F10')))).toBe('companion_seat');
  });

  it('an exchange of the accessible seat alone is refused while its companion stays', async () => {
    const { theatre } = world;
    const sold = await world.sql<{ id: string }>(
      'SELECT cart_id AS id FROM event_seat WHERE seat_id = $1',
      seat('F9'),
    );
    const cart_id = sold[0]?.id as string;
    const [line] = await world.sql<{ id: string }>('SELECT id FROM sale_detail WHERE cart_id = $1', cart_id);
    await world.sql(`UPDATE seat SET companion_of = $2 WHERE id = $1`, seat('F1'), seat('F9'));
    await world.sql(
      `UPDATE sale_detail SET cart_id = $1 WHERE seat_id = $2 AND event_id = $3`,
      cart_id,
      seat('F1'),
      theatre.event_id,
    );
    const quote = (items: AddSaleDetails['items']) =>
      quoteExchange(office, cart_id, { sale_detail_ids: [line?.id as string], items });
    const { code, message } = await refusalOf(quote(seats('A1')));
    expect([code, message]).toEqual(['conflict', expect.stringContaining('companion')]);
  });

  it('is anybody’s once it is released', async () => {
    await setEvent({ accessible_until: new Date(Date.now() + 3_600_000) });
    expect(await codeOf(fill(ctx, seats('F10')))).toBe('companion_seat');
    await setEvent({ accessible_until: new Date(Date.now() - 3_600_000) });
    expect((await fill(ctx, seats('F10'))).status).toBe('open');
  });
});

describe('two at once', () => {
  it('leave no seat alone together: of choices that would, one is held', async () => {
    const rows = ['A', 'B', 'C', 'D', 'E'];
    const asks = rows.flatMap((row) =>
      Array.from({ length: 10 }, (_, i) => ({ row, labels: i % 2 ? ['3', '4'] : ['6', '7'] })),
    );
    const outcomes = await Promise.allSettled(
      asks.map(({ row, labels }, i) =>
        fill(
          contextOf(processes[i % processes.length] as System, { interface: world.web }),
          seats(...labels.map((n) => row + n)),
        ),
      ),
    );
    const won = outcomes.flatMap((outcome, i) => (outcome.status === 'fulfilled' ? [asks[i]?.row] : []));
    expect(won.toSorted()).toEqual(rows);
    const codes = outcomes.flatMap((o) => (o.status === 'rejected' ? [o.reason.code] : []));
    expect(new Set(codes)).toEqual(new Set(['orphan_seat', 'seats_unavailable']));
  });

  it('fifty ask for the best two of fifty seats: none is left alone, and as many have seats as there are', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, (_, i) =>
        fill(
          contextOf(processes[i % processes.length] as System, { interface: world.web }),
          best(2, { section_id: world.theatre.stalls, together: true }),
        ),
      ),
    );
    const carts = outcomes.flatMap((o) => (o.status === 'fulfilled' ? [o.value] : []));
    for (const cart of carts) {
      const [a, b] = cart.sale_details.map((line) => line.seat);
      expect(a?.row).toBe(b?.row);
      expect(Math.abs(Number(a?.number) - Number(b?.number))).toBe(1);
    }
    const codes = outcomes.flatMap((o) => (o.status === 'rejected' ? [o.reason.code] : []));
    for (const code of codes) expect(['sold_out', 'service_unavailable']).toContain(code);
    expect(carts.length).toBeGreaterThan(10);
  });
});
