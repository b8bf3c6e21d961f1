import { describe, expect, it } from 'vitest';
import type { Context } from '../../../src/context.ts';
import type { PageRequest } from '../../../src/routing/answers.ts';
import { cancelCart, extendCart, patchCart } from '../../../src/services/carts/change.ts';
import { applyCode, removeCode } from '../../../src/services/carts/codes.ts';
import { addSaleDetails, openCart } from '../../../src/services/carts/hold.ts';
import { deleteSaleDetail, patchSaleDetail } from '../../../src/services/carts/lines.ts';
import {
  type CartFilter,
  getCart,
  getSaleDetail,
  listCarts,
  listSaleDetails,
} from '../../../src/services/carts/read.ts';
import { stateTag } from '../../../src/services/fresh.ts';
import { stockKept } from '../../helpers/kept-world.ts';
import { codeOf, refusalOf } from '../../helpers/refusal.ts';
import type { SalesWorld } from '../../helpers/sales-world.ts';
import { salesRows } from '../../helpers/stock-audit.ts';

let world: SalesWorld;
stockKept((made) => {
  world = made;
});

const page = (offset = 0, limit = 10) => ({ offset, limit }) as PageRequest;
const opened = (ctx: Context, ticket_type_id = world.festival.adult) =>
  openCart(ctx, { items: [{ ticket_type_id, quantity: 1 }] });
const ana = (more = {}) => world.buyer({ user_id: world.ana, ...more });
const ben = (more = {}) => world.buyer({ user_id: world.ben, ...more });

describe('who may reach a cart', () => {
  /** Every use of a cart that exists. */
  const uses = (ctx: Context, id: string, line: string): (() => Promise<unknown>)[] => [
    () => getCart(ctx, id),
    () => listSaleDetails(ctx, id, page()),
    () => getSaleDetail(ctx, id, line),
    () => patchCart(ctx, id, { notes: 'mine now' }),
    () => patchSaleDetail(ctx, id, line, { holder: { first_name: 'E', last_name: 'P' } }),
    () => applyCode(ctx, id, 'FIVER'),
    () => removeCode(ctx, id, 'FIVER'),
    () => extendCart(ctx, id, undefined),
    () => addSaleDetails(ctx, id, { items: [{ product_id: world.festival.parking, quantity: 1 }] }),
    () => deleteSaleDetail(ctx, id, line),
    () => cancelCart(ctx, id),
  ];
  const reachedBy = async (owner: Context, other: Context): Promise<boolean> => {
    const cart = await opened(owner);
    const line = cart.sale_details[0]?.id as string;
    const before = await salesRows(world.system);
    const refusals = [];
    for (const use of uses(other, cart.id, line)) {
      const refusal = await use().then(
        () => undefined,
        (error) => error,
      );
      if (refusal) refusals.push(refusal.code);
    }
    if (!refusals.length) return true;
    expect(refusals).toEqual(uses(other, cart.id, line).map(() => 'not_found'));
    expect(await salesRows(world.system)).toEqual(before);
    return false;
  };

  it('its user, through any client', async () => {
    expect(await reachedBy(ana(), ana())).toBe(true);
    expect(await reachedBy(ana(), ana({ client_id: 'app' }))).toBe(true);
    expect(await reachedBy(world.seller({ user_id: world.ana }), ana())).toBe(true);
  });
  it('no other user, and not its client once it is a user’s', async () => {
    expect(await reachedBy(ana(), ben())).toBe(false);
    expect(await reachedBy(ana(), world.buyer())).toBe(false);
  });
  it("the client that opened it for nobody, and any of that client's users", async () => {
    expect(await reachedBy(world.buyer(), world.buyer())).toBe(true);
    expect(await reachedBy(world.buyer(), ben())).toBe(true);
    expect(await reachedBy(world.buyer(), world.buyer({ client_id: 'app' }))).toBe(false);
    expect(await reachedBy(world.buyer(), ben({ client_id: 'app' }))).toBe(false);
  });
  it('sellers, but nobody through another interface', async () => {
    expect(await reachedBy(ana(), world.seller())).toBe(true);
    expect(await reachedBy(ana(), world.seller({ interface: world.pos }))).toBe(false);
    expect(await reachedBy(ana(), ana({ interface: world.pos }))).toBe(false);
  });
  it('nobody, if it does not exist', async () => {
    const id = '01a20aae-0235-7423-83a0-e5c0941aac34';
    for (const use of uses(world.seller(), id, id)) expect(await codeOf(use())).toBe('not_found');
  });
});

describe('adoption', () => {
  it('makes a cart that a client opened for nobody the cart of its user', async () => {
    const { id } = await opened(world.buyer());
    const cart = await patchCart(ana(), id, {});
    expect(cart.user_id).toBe(world.ana);
    expect(await codeOf(getCart(world.buyer(), id))).toBe('not_found');
    expect((await patchCart(ana(), id, { notes: 'again' })).user_id).toBe(world.ana);
  });

  it('is never the work of a seller', async () => {
    const { id } = await opened(world.buyer());
    expect((await patchCart(world.seller(), id, { notes: 'x' })).user_id).toBeNull();
  });

  it('counts against the limits of the person', async () => {
    const { limited } = world.festival;
    await openCart(ana(), { items: [{ ticket_type_id: limited, quantity: 1 }] });
    const { id } = await openCart(world.buyer(), { items: [{ ticket_type_id: limited, quantity: 2 }] });
    const refusal = await refusalOf(patchCart(ana(), id, {}));
    expect(refusal).toMatchObject({
      code: 'limit_exceeded',
      facts: { ticket_type_id: limited, max_per_user: 2 },
    });
    expect((await patchCart(ben(), id, {})).user_id).toBe(world.ben);
  });
});

describe('changing buyer and notes', () => {
  it('keeps what is not named, and empties what is null', async () => {
    const { id } = await openCart(world.buyer(), {
      buyer: { first_name: 'Ana', email: 'ana@mail.com', phone: '1' },
      notes: 'n',
    });
    const cart = await patchCart(world.buyer(), id, { buyer: { phone: null, document_number: '7' } });
    expect(cart.buyer).toMatchObject({
      first_name: 'Ana',
      email: 'ana@mail.com',
      phone: null,
      document_number: '7',
    });
    expect(cart.notes).toBe('n');
    expect((await patchCart(world.buyer(), id, { notes: null })).notes).toBeNull();
  });

  it('is refused from a state that was not seen', async () => {
    const first = await opened(world.buyer());
    const tag = (cart: { updated_at: Date }) => [`${stateTag(cart.updated_at)}-hash`];
    const second = await patchCart(world.buyer({ if_match: tag(first) }), first.id, { notes: '1' });
    expect(second.updated_at.getTime()).toBeGreaterThan(first.updated_at.getTime());
    const stale = world.buyer({ if_match: tag(first) });
    expect(await codeOf(patchCart(stale, first.id, { notes: '2' }))).toBe('precondition_failed');
    expect(await codeOf(cancelCart(stale, first.id))).toBe('precondition_failed');
    await cancelCart(world.buyer({ if_match: tag(second) }), first.id);
  });
});

describe('changing the holder of a line', () => {
  const holder = { first_name: 'Eva', last_name: 'Paz' };
  const lined = async (ctx: Context) => {
    const cart = await opened(ctx);
    return { id: cart.id, line: cart.sale_details[0] as (typeof cart.sale_details)[number] };
  };

  it('names, replaces and removes one', async () => {
    const { id, line } = await lined(world.buyer());
    const named = await patchSaleDetail(world.buyer(), id, line.id, {
      holder: { ...holder, email: 'e@p.es' },
    });
    expect(named.holder).toEqual({ ...holder, email: 'e@p.es', document_number: null });
    const again = await patchSaleDetail(world.buyer(), id, line.id, { holder });
    expect(again.holder).toEqual({ ...holder, email: null, document_number: null });
    expect((await patchSaleDetail(world.buyer(), id, line.id, { holder: null })).holder).toBeNull();
    expect(again.total).toBe(line.total);
  });

  it('copies one of the guests of the user', async () => {
    const { id, line } = await lined(ana());
    const named = await patchSaleDetail(ana(), id, line.id, { guest_id: world.guest });
    expect(named).toMatchObject({
      guest_id: world.guest,
      holder: { first_name: 'Carla', document_number: '44' },
    });
    expect((await patchSaleDetail(ana(), id, line.id, { holder })).guest_id).toBeNull();
    const bens = await lined(ben());
    const refusal = await refusalOf(patchSaleDetail(ben(), bens.id, bens.line.id, { guest_id: world.guest }));
    expect(refusal.facts.errors).toMatchObject([{ pointer: '/guest_id', code: 'not_found' }]);
    expect(await codeOf(patchSaleDetail(ana(), id, line.id, { guest_id: world.guest, holder }))).toBe(
      'validation_failed',
    );
  });

  it('is refused from a state that was not seen', async () => {
    const { id, line } = await lined(world.buyer());
    const stale = world.buyer({ if_match: [`${stateTag(line.updated_at)}-hash`] });
    await patchSaleDetail(world.seller(), id, line.id, {
      holder,
      price_override: { unit_price: 1, reason: 'late' },
    });
    expect(await codeOf(patchSaleDetail(stale, id, line.id, { holder: null }))).toBe('precondition_failed');
    expect(await codeOf(deleteSaleDetail(stale, id, line.id))).toBe('precondition_failed');
  });
});

describe('history', () => {
  const ids = async (ctx: Context, filter: CartFilter = {}, at = page(0, 100)) => {
    const { items, total } = await listCarts(ctx, filter, at);
    return { ids: items.map((cart) => cart.id), total };
  };

  it('is for users and sellers: a client has none of its own', async () => {
    expect(await codeOf(listCarts(world.buyer(), {}, page()))).toBe('user_required');
  });

  it("is the user's own, newest first, page by page", async () => {
    const carts = [];
    for (let i = 0; i < 5; i++) carts.push((await opened(ana(), world.festival.pit)).id);
    await opened(ben());
    await opened(world.buyer());
    const newest = carts.toReversed();
    const all = await ids(ana());
    expect(all.ids.slice(0, 5)).toEqual(newest);
    expect(all.total).toBe(all.ids.length);
    expect(await ids(ana(), {}, page(2, 2))).toEqual({ ids: newest.slice(2, 4), total: all.total });
    expect(await ids(ana({ client_id: 'app' }), {}, page(0, 5))).toMatchObject({ ids: newest });
    expect(await ids(ana(), { user_id: world.ben })).toEqual({ ids: [], total: 0 });
    expect((await ids(ana(), { user_id: world.ana })).total).toBe(all.total);
    expect((await ids(ana({ interface: world.pos }))).total).toBe(0);
  });

  it('is all of the interface for a seller, filtered', async () => {
    const web = await openCart(world.buyer({ user_id: world.ben }), {
      buyer: { email: 'Ben@Mail.com' },
      items: [{ ticket_type_id: world.abroad.type, quantity: 1 }],
    });
    const elsewhere = await opened(world.buyer({ interface: world.pos }), world.elsewhere.type);
    const seller = world.seller();
    expect((await ids(seller)).ids).toContain(web.id);
    expect((await ids(seller)).ids).not.toContain(elsewhere.id);
    expect((await ids(world.seller({ interface: world.pos }))).ids).toEqual([elsewhere.id]);
    expect((await ids(seller, { user_id: world.ben })).ids).toContain(web.id);
    expect((await ids(seller, { email: 'ben@mail.COM' })).ids).toEqual([web.id]);
    expect((await ids(seller, { event_id: world.abroad.event_id })).ids).toEqual([web.id]);
    expect((await ids(seller, { event_id: world.elsewhere.event_id })).ids).toEqual([]);
    expect(
      (await ids(seller, { from: web.created_at, to: new Date(web.created_at.getTime() + 1) })).ids,
    ).toEqual([web.id]);
    expect((await ids(seller, { to: web.created_at })).ids).not.toContain(web.id);
    await cancelCart(seller, web.id);
    expect((await ids(seller, { status: ['cancelled', 'paid'] })).ids).toContain(web.id);
    expect((await ids(seller, { status: ['open'] })).ids).not.toContain(web.id);
  });

  it('shows carts as they are shown one by one', async () => {
    const { id } = await opened(ana());
    await applyCode(ana(), id, 'FIVER');
    const { items } = await listCarts(ana(), {}, page(0, 1));
    expect(items).toEqual([await getCart(ana(), id)]);
  });
});

it('the lines of a cart come a page at a time', async () => {
  const cart = await openCart(world.buyer(), {
    items: [{ ticket_type_id: world.festival.adult, quantity: 5 }],
  });
  const lines = await listSaleDetails(world.buyer(), cart.id, page(2, 2));
  expect(lines).toEqual({ items: cart.sale_details.slice(2, 4), total: 5 });
});
