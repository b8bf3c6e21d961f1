import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiWorld, apiWorld, type Who } from '../helpers/api-world.ts';
import { organiser } from '../helpers/organiser.ts';

let world: ApiWorld;
let of: ReturnType<typeof organiser>;
beforeAll(async () => {
  world = await apiWorld();
  of = organiser(world);
});
afterAll(() => world.close());

/** Moves an event on sale to another time, as seen from now. */
const move = (id: number, starts: string, more = '') =>
  world.system.db.pool.query(
    `UPDATE event SET starts_at = now() + $2::interval, version = version + 1 ${more} WHERE id = $1`,
    [id, starts],
  );
const read = async (who: Who, url: string) => (await world.call('GET', url, { who })).json();
const buy = (who: Who, ticket_type_id: number) =>
  world.call('POST', '/carts', { who, body: { items: [{ ticket_type_id, quantity: 1 }] } });

/** What buyers and the box office hear: of the event, of its type, in the list of what is on sale, and from a cart. */
async function heard(id: number, type: number, who: 'buyer' | 'seller') {
  const fresh = `&ids=${id}`;
  const { event } = await read(who, `/events/${id}`);
  const { ticket_types } = await read(who, `/events/${id}/ticket_types`);
  const { events } = await read(who, `/events?on_sale=true${fresh}`);
  const cart = await buy(who, type);
  return [event.sales_status, ticket_types[0].sales_status, events.length, cart.statusCode];
}

const ON_SALE = ['on_sale', 'on_sale', 1, 201];
const OVER = ['ended', 'ended', 0, 409];

describe('an event without an end, nor an end of sales', () => {
  it.each([
    ['in an hour', '1 hour', ON_SALE, ON_SALE],
    ['an hour ago', '-1 hour', OVER, ON_SALE],
    ['23 hours ago', '-23 hours', OVER, ON_SALE],
    ['yesterday', '-24 hours', OVER, OVER],
  ])('that starts %s', async (_, starts, buyers, boxOffice) => {
    const { id, type } = await of.onSale();
    await move(id, starts);
    expect(await heard(id, type, 'buyer')).toEqual(buyers);
    expect(await heard(id, type, 'seller')).toEqual(boxOffice);
    const refused = await buy('buyer', type);
    if (buyers === OVER) expect(refused.json()).toMatchObject({ code: 'not_on_sale', event_id: id });
  });

  it('sells on where one of them is set, of the event or the type', async () => {
    const hour = "now() + interval '1 hour'";
    for (const more of [`, ends_at = ${hour}`, `, sales_end = ${hour}`]) {
      const { id, type } = await of.onSale();
      await move(id, '-1 hour', more);
      expect(await heard(id, type, 'buyer')).toEqual(ON_SALE);
    }
    const { id, type } = await of.onSale();
    await world.system.db.pool.query(`UPDATE ticket_type SET sales_end = ${hour} WHERE id = $1`, [type]);
    await move(id, '-1 hour');
    expect((await buy('buyer', type)).statusCode).toBe(201);
  });
});
