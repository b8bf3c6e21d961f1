import { describe, expect, it } from 'vitest';
import { openCart } from '../../../src/services/carts/hold.ts';
import { getCart } from '../../../src/services/carts/read.ts';
import { stockKept } from '../../helpers/kept-world.ts';
import { codeOf, refusalOf } from '../../helpers/refusal.ts';
import type { SalesWorld } from '../../helpers/sales-world.ts';
import { salesRows } from '../../helpers/stock-audit.ts';

let world: SalesWorld;
stockKept((made) => {
  world = made;
});

describe('a cart without items', () => {
  it('is open for as long as its interface holds carts, in the currency of the interface', async () => {
    const cart = await openCart(world.buyer(), undefined);
    expect(cart).toMatchObject({
      status: 'open',
      interface_id: world.web.id,
      client_id: 'web',
      user_id: null,
      currency: 'EUR',
      totals: { subtotal: 0, discount: 0, fee: 0, tax: 0, total: 0, paid: 0, refunded: 0 },
      codes: [],
      sale_details: [],
      paid_at: null,
    });
    expect(cart.expires_at.getTime() - cart.created_at.getTime()).toBe(world.web.hold_seconds * 1_000);
    expect(await getCart(world.buyer(), cart.id)).toEqual(cart);
  });

  it('keeps buyer and notes', async () => {
    const buyer = { first_name: 'Ana', last_name: 'Roe', email: 'ana@mail.com', phone: null };
    const cart = await openCart(world.buyer(), { buyer, notes: 'by the aisle, please' });
    expect(cart.buyer).toEqual({ ...buyer, document_type: null, document_number: null });
    expect(cart.notes).toBe('by the aisle, please');
    expect(await getCart(world.buyer(), cart.id)).toEqual(cart);
  });
});

describe('a cart with items', () => {
  it('holds them and answers them, as a later look does', async () => {
    const { festival, theatre } = world;
    const cart = await openCart(world.buyer(), {
      items: [
        { ticket_type_id: festival.adult, quantity: 2 },
        { ticket_type_id: theatre.stall, seat_ids: [theatre.seats.A5 as number, theatre.seats.A4 as number] },
        { product_id: festival.shirt, quantity: 2 },
      ],
    });
    expect(cart.sale_details.map((l) => [l.kind, l.quantity, l.seat?.row, l.seat?.number])).toEqual([
      ['ticket', 1, undefined, undefined],
      ['ticket', 1, undefined, undefined],
      ['ticket', 1, 'A', '5'],
      ['ticket', 1, 'A', '4'],
      ['product', 2, undefined, undefined],
    ]);
    expect(cart.totals).toMatchObject({ subtotal: 2 * 5_000 + 2 * 8_000 + 3_000, fee: 700, total: 29_700 });
    expect(await getCart(world.buyer(), cart.id)).toEqual(cart);
  });

  it('takes the currency of what it holds', async () => {
    const cart = await openCart(world.buyer(), {
      items: [{ ticket_type_id: world.abroad.type, quantity: 1 }],
    });
    expect(cart.currency).toBe('USD');
  });

  it('is not opened when an item is refused', async () => {
    const before = await salesRows(world.system);
    const items = [
      { ticket_type_id: world.festival.adult, quantity: 1 },
      { ticket_type_id: world.festival.child, quantity: 4 },
    ];
    expect(await codeOf(openCart(world.buyer(), { items }))).toBe('sold_out');
    expect(await salesRows(world.system)).toEqual(before);
  });
});

describe('whose a cart is', () => {
  it("is the user's whose token opens it", async () => {
    const cart = await openCart(world.buyer({ user_id: world.ana }), {});
    expect(cart.user_id).toBe(world.ana);
  });

  it('is whose a seller says', async () => {
    const cart = await openCart(world.seller(), { user_id: world.ben });
    expect(cart).toMatchObject({ user_id: world.ben, client_id: 'office' });
    expect((await openCart(world.seller(), {})).user_id).toBeNull();
  });

  it('is not for a buyer to say', async () => {
    const before = await salesRows(world.system);
    const refusal = await refusalOf(openCart(world.buyer({ user_id: world.ana }), { user_id: world.ben }));
    expect(refusal.code).toBe('insufficient_scope');
    expect(refusal.headers['www-authenticate']).toContain('scope="sell"');
    expect(await salesRows(world.system)).toEqual(before);
  });

  it('must exist, be active, and be of the same company', async () => {
    const [other] = await world.sql<{ company_id: number }>(
      `WITH c AS (INSERT INTO company (name) VALUES ('Other') RETURNING id)
       INSERT INTO user_account (company_id, id, email, email_key, password_hash, first_name, last_name)
       SELECT id, 9001, 'x', 'x', '-', 'X', 'Y' FROM c RETURNING company_id`,
    );
    expect(other).toBeDefined();
    for (const user_id of [9_001, 2_000_000_000]) {
      const refusal = await refusalOf(openCart(world.seller(), { user_id }));
      expect(refusal.code).toBe('validation_failed');
      expect(refusal.facts.errors).toMatchObject([{ pointer: '/user_id', code: 'not_found' }]);
    }
  });
});
