import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Context } from '../../../src/context.ts';
import { quoteExchange } from '../../../src/services/exchanges/quote.ts';
import { pay } from '../../../src/services/payments/pay.ts';
import { fill } from '../../helpers/payments.ts';
import { refusalOf } from '../../helpers/refusal.ts';
import { type SalesWorld, salesWorld } from '../../helpers/sales-world.ts';

// What a refusal says besides no: the rule, who is meant, when to try again, and what there is instead.

let world: SalesWorld;
let ctx: Context;
beforeAll(async () => {
  world = await salesWorld();
  ctx = world.seller();
  const { company_id, theatre, festival } = world;
  const [series] = await world.sql<{ id: number }>(
    "INSERT INTO series (company_id, name) VALUES ($1, 'Tour') RETURNING id",
    company_id,
  );
  await world.sql('UPDATE event SET series_id = $1 WHERE id = ANY($2::int[])', series?.id, [
    theatre.event_id,
    festival.event_id,
  ]);
  await world.sql(
    "UPDATE event SET starts_at = starts_at + interval '7 days' WHERE id = $1",
    theatre.event_id,
  );
});
afterEach(() => world.clear());
afterAll(() => world.close());

const seat = (label: string) => world.theatre.seats[label] as number;
const stalls = (...labels: string[]) => [{ ticket_type_id: world.theatre.stall, seat_ids: labels.map(seat) }];

it('seats that are held: when their hold ends, and the nearest block beside them', async () => {
  const cart = await fill(ctx, stalls('C4', 'C5'));
  const { code, facts } = await refusalOf(fill(ctx, stalls('C5', 'C6')));
  expect(code).toBe('seats_unavailable');
  expect(facts).toMatchObject({
    ...{ unavailable_seat_ids: [seat('C5')], rule: 'seat_taken', items: [0] },
    retry_at: cart.expires_at.toISOString(),
  });
  const [first] = facts.alternatives as {
    kind: string;
    seat_ids: number[];
    seats: { row: string; number: string }[];
  }[];
  expect(first?.kind).toBe('adjacent_seats');
  const numbers = first?.seats.map(({ number }) => Number(number)) as number[];
  expect(numbers[1]).toBe((numbers[0] as number) + 1);
  expect(['B', 'C', 'D']).toContain(first?.seats[0]?.row);
  expect(
    (await fill(ctx, [{ ticket_type_id: world.theatre.stall, seat_ids: first?.seat_ids as number[] }]))
      .status,
  ).toBe('open');
});

it('seats that are sold come not back: no time is named, another section is', async () => {
  const cart = await fill(ctx, [{ ticket_type_id: world.theatre.box, seat_ids: [seat('F1')] }]);
  await pay(ctx, cart.id, { method: 'cash' });
  const { facts } = await refusalOf(
    fill(ctx, [{ ticket_type_id: world.theatre.box, seat_ids: [seat('F1')] }]),
  );
  expect(facts).not.toHaveProperty('retry_at');
  expect(facts.alternatives).toContainEqual({
    ...{ kind: 'section', section_id: world.theatre.stalls, name: 'Stalls' },
    ...{ ticket_type_id: world.theatre.stall, price: 8_000 },
  });
});

it('a full floor: the rule, the first hold to end, and the next date of the series', async () => {
  const { festival, theatre } = world;
  const carts = [];
  for (const quantity of [8, 8, 8])
    carts.push(await fill(ctx, [{ ticket_type_id: festival.adult, quantity }]));
  const { code, facts } = await refusalOf(fill(ctx, [{ ticket_type_id: festival.adult, quantity: 2 }]));
  expect(code).toBe('sold_out');
  expect(facts).toMatchObject({ available: 1, rule: 'places_left', items: [0] });
  const first = Math.min(...carts.map(({ expires_at }) => expires_at.getTime()));
  expect(facts.retry_at).toBe(new Date(first).toISOString());
  expect(facts.alternatives).toEqual([
    {
      ...{ kind: 'date', event_id: theatre.event_id, name: 'Theatre', time_zone: 'Europe/Madrid' },
      starts_at: expect.stringMatching(/^\d{4}-.*Z$/),
    },
  ]);
  const dry = await refusalOf(
    fill({ ...ctx, dry_run: true }, [{ ticket_type_id: festival.adult, quantity: 2 }]),
  );
  expect([dry.code, dry.facts]).toEqual([code, facts]);
});

it('best available and products name their rules; a quote of an exchange explains as well', async () => {
  const best = [
    {
      ticket_type_id: world.theatre.stall,
      best_available: { quantity: 10, section_id: world.theatre.boxes },
    },
  ];
  await fill(ctx, stalls('F2'));
  const refused = await refusalOf(fill(ctx, best));
  expect(refused.facts).toMatchObject({ rule: 'no_seats_as_asked', items: [0] });
  const shirts = await refusalOf(
    fill(ctx, [{ product_id: world.festival.shirt, quantity: 3 }]).then(() =>
      fill(ctx, [{ product_id: world.festival.shirt, quantity: 3 }]),
    ),
  );
  expect(shirts.facts).toMatchObject({ rule: 'stock_left', items: [0], available: 1 });
  const cart = await fill(ctx, stalls('A1'));
  await pay(ctx, cart.id, { method: 'cash' });
  await fill(ctx, stalls('A3'));
  const ids = cart.sale_details.map(({ id }) => id);
  const quote = await refusalOf(quoteExchange(ctx, cart.id, { sale_detail_ids: ids, items: stalls('A3') }));
  expect(quote.facts).toMatchObject({ rule: 'seat_taken', alternatives: [{ kind: 'adjacent_seats' }] });
});
