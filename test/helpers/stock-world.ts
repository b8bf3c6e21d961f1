import { expect } from 'vitest';
import { insertRow, insertRows } from '../../prisma/seed/rows.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import type { ApiWorld, Method, Who } from './api-world.ts';
import { makeEvent, seatedSection, standingSection } from './catalogue.ts';

/** What adds up to the capacity of whatever has places. */
export interface Parts {
  capacity: number;
  available: number;
  held: number;
  sold: number;
  blocked: number;
  courtesy: number;
}

/** Expects what api.md says: capacity = available + held + sold + blocked + courtesy, of the event and all its parts. */
export function expectWhole(
  proof: Record<'sections' | 'ticket_types' | 'interfaces', Parts[]> & { totals: Parts },
): void {
  for (const each of [proof.totals, ...proof.sections, ...proof.ticket_types, ...proof.interfaces]) {
    const { available, held, sold, blocked, courtesy } = each;
    expect(available + held + sold + blocked + courtesy, JSON.stringify(each)).toBe(each.capacity);
  }
}

export type StockWorld = Awaited<ReturnType<typeof stockWorld>>;

/**
 * A fresh event of 20 seats and 60 places on both interfaces of a world: of the type of the places there are 50, of the
 * programme 10; and whatever can happen to its stock.
 */
export async function stockWorld(world: ApiWorld) {
  const { company_id, interfaces } = world.accounts;
  const sql = async <Row = Record<string, unknown>>(text: string, ...values: unknown[]) =>
    (await world.system.db.pool.query(text, values)).rows as Row[];
  const event = await inTransaction(world.system.db, async (tx) => {
    const sections = [seatedSection('Stalls', 2, 10), standingSection('Floor', 60)];
    const made = await makeEvent(tx, { company_id, interface_id: interfaces.web }, sections);
    const { event_id } = made;
    await insertRows(tx, 'event_interface', [{ company_id, event_id, interface_id: interfaces.pos }]);
    const product = { company_id, event_id, name: 'Programme', price: 500, capacity: 10 };
    return { ...made, programme: (await insertRow(tx, 'product', product)).id };
  });
  const { event_id, map_id, programme } = event;
  const [stalls, floor] = event.section_ids as [number, number];
  const [seated, loose] = event.ticket_type_ids as [number, number];
  await sql('UPDATE ticket_type SET capacity = 50 WHERE id = $1', loose);
  const rows = await sql<{ id: number }>('SELECT id FROM seat WHERE map_id = $1 ORDER BY id', map_id);
  const seats = rows.map(({ id }) => id);

  const ask = async (method: Method, url: string, body?: object, who: Who = 'seller') => {
    const answer = await world.call(method, url, { who, body });
    expect(answer.statusCode, answer.body).toBeLessThan(300);
    return answer.body ? answer.json() : undefined;
  };
  const hold = async (items: object[], who: Who = 'seller') =>
    (await ask('POST', '/carts', { items }, who)).cart;
  const guests = [{ first_name: 'Guest', last_name: 'One' }];
  return {
    ...{ event_id, programme, stalls, floor, seated, loose, seats, sql, ask, hold },
    stock: async (who: Who = 'admin', query = '') =>
      (await ask('GET', `/events/${event_id}/stock${query}`, undefined, who)).stock,
    report: async (query = '') =>
      (await ask('GET', `/events/${event_id}/report${query}`, undefined, 'admin')).report,
    /** A cart that is paid in cash. */
    async sell(items: object[], who: Who = 'seller') {
      const cart = await hold(items, who);
      await ask('POST', `/carts/${cart.id}/payments`, { method: 'cash' }, who);
      return cart;
    },
    sitting: (...at: number[]) => ({ ticket_type_id: seated, seat_ids: at.map((i) => seats[i]) }),
    standing: (quantity: number) => ({ ticket_type_id: loose, quantity }),
    give: async (ticket_type_id: number) =>
      (await ask('POST', '/courtesies', { event_id, ticket_type_id, guests }, 'admin')).courtesies[0],
    block: async (body: object) => (await ask('POST', `/events/${event_id}/blocks`, body, 'admin')).block,
    /** The hold of a cart is over, and nobody has swept it. */
    lapse: (cart_id: string) =>
      sql(
        `WITH cart AS (UPDATE cart SET expires_at = now() - interval '1 s' WHERE id = $1 RETURNING id, expires_at)
         UPDATE event_seat s SET hold_expires_at = cart.expires_at FROM cart WHERE s.cart_id = cart.id AND s.status = 'held'`,
        cart_id,
      ),
  };
}
