import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiWorld, apiWorld } from '../helpers/api-world.ts';
import { declaredRoutes } from '../helpers/declared-routes.ts';
import { queryNames } from '../helpers/query-names.ts';
import { callerOf, methodOf, ROUTES } from '../helpers/route-table.ts';

// ?dry_run=true: the same checks, prices and refusals, and nothing kept.

let world: ApiWorld;
beforeAll(async () => {
  world = await apiWorld();
});
afterAll(() => world.close());

/** Every write that sells or gives, or undoes a sale. */
const SELLING = [
  'POST /carts',
  'POST /carts/:cart_id/sale_details',
  'PATCH /carts/:cart_id/sale_details/:sale_detail_id',
  'POST /carts/:cart_id/codes',
  'POST /carts/:cart_id/payments',
  'POST /carts/:cart_id/refunds',
  'POST /carts/:cart_id/refunds/:refund_id/retry',
  'POST /carts/:cart_id/exchanges',
  'POST /carts/:cart_id/exchanges/:exchange_id/commit',
  'POST /courtesies',
];
const entries = ROUTES.filter(({ route }) => SELLING.includes(route));

/** An answer without what differs from one doing to the next: names of new things, and times. */
const likeness = (body: unknown): unknown =>
  JSON.parse(JSON.stringify(body), (key, value) =>
    /(^|_)ids?$|_at$|^request_id$/.test(key) && typeof value !== 'number' ? typeof value : value,
  );

it('is offered by every route that sells, and by no other', async () => {
  const declared = [...(await declaredRoutes(world.system))];
  const offered = declared.filter(([, config]) => queryNames(config).includes('dry_run'));
  expect(offered.map(([route]) => route).sort()).toEqual([...SELLING].sort());
});

describe.each(entries)('$route', (entry) => {
  it('says what would happen, and nothing happens; then it does', async () => {
    const who = callerOf(entry);
    const { url, body, headers } = await entry.example(world, who);
    const send = (query: string, more = {}) =>
      world.call(methodOf(entry), `${url}${query}`, { who, body, headers: { ...headers, ...more } });
    const before = await world.stored();
    const dry = await send('?dry_run=true', { 'idempotency-key': `dry ${entry.route}` });
    expect(dry.statusCode, dry.body).toBe(200);
    expect(dry.headers).toMatchObject({ 'x-dry-run': 'true' });
    expect(dry.headers).not.toHaveProperty('location');
    expect(await world.stored()).toEqual(before);

    // The key is free, since nothing was done under it.
    const real = await send('', { 'idempotency-key': `dry ${entry.route}` });
    expect(real.statusCode, real.body).toBe(entry.status);
    expect(real.headers).not.toHaveProperty('x-dry-run');
    expect(real.headers).not.toHaveProperty('idempotent-replayed');
    const [root] = Object.keys(real.json());
    const told = likeness(dry.json()) as Record<string, object>;
    // A card is not asked in a dry run: that alone is not known.
    if (entry.route.endsWith('/payments')) Object.assign(told.payment as object, { status: 'captured' });
    expect({ root: Object.keys(told)[0], told }).toEqual({ root, told: likeness(real.json()) });
  });

  it('refuses in the same words, marked as well', async () => {
    const who = callerOf(entry);
    const { url, body } = await entry.example(world, who);
    const wrong = { ...(body as object), no_such_field: 1 };
    const dry = await world.call(methodOf(entry), `${url}?dry_run=true`, { who, body: wrong });
    const real = await world.call(methodOf(entry), url, { who, body: wrong });
    expect([dry.statusCode, likeness(dry.json())]).toEqual([real.statusCode, likeness(real.json())]);
  });
});

describe('what stands in the way', () => {
  const call = (url: string, body: object) => world.call('POST', url, { who: 'seller', body });

  it('is told as it would be, and the stock is as it was', async () => {
    const { standing, seated } = world;
    const taken = (
      await call('/carts', { items: [{ ticket_type_id: seated, best_available: { quantity: 1 } }] })
    ).json().cart.sale_details[0].seat.id;
    for (const items of [
      [{ ticket_type_id: seated, seat_ids: [taken] }],
      [{ ticket_type_id: standing, quantity: 500 }],
      [{ ticket_type_id: 999_999, quantity: 1 }],
    ]) {
      const before = await world.stored();
      const dry = await call('/carts?dry_run=true', { items });
      expect(dry.headers['x-dry-run']).toBe('true');
      expect(await world.stored()).toEqual(before);
      const real = await call('/carts', { items });
      expect(real.statusCode).toBeGreaterThanOrEqual(400);
      expect([dry.statusCode, likeness(dry.json())]).toEqual([real.statusCode, likeness(real.json())]);
    }
  });

  it('a declined card is not asked: the quote of a payment says what is due', async () => {
    const { id } = await world.cart('john');
    const card = { method: 'card', card: { token: 'sandbox_declined' } };
    const dry = await world.call('POST', `/carts/${id}/payments?dry_run=true`, { who: 'john', body: card });
    expect(dry.json().payment).toMatchObject({ amount: 5_800, currency: 'EUR', status: 'pending' });
    const short = await world.call('POST', `/carts/${id}/payments?dry_run=true`, {
      who: 'john',
      body: { ...card, amount: 1 },
    });
    expect(short.json()).toMatchObject({ code: 'amount_mismatch', amount_due: 5_800 });
    const { rows } = await world.system.db.pool.query('SELECT 1 FROM payment WHERE cart_id = $1', [id]);
    expect(rows).toEqual([]);
  });

  it('a hundred at once hold nothing and keep nobody out', async () => {
    const { floor, event_id } = world;
    const free = async () =>
      (
        await world.system.db.pool.query(
          'SELECT held, sold FROM event_section WHERE event_id = $1 AND section_id = $2',
          [event_id, floor],
        )
      ).rows;
    const before = await free();
    const items = [{ ticket_type_id: world.standing, quantity: 3 }];
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => call('/carts?dry_run=true', { items })),
    );
    expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([200]));
    expect(await free()).toEqual(before);
  });
});
