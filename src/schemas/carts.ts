import { z } from 'zod';
import { at, email, id, money, text } from './common.ts';
import { placeIds } from './queues.ts';

// ── requests ──

const Holder = z.strictObject({
  first_name: text(100),
  last_name: text(100),
  email: email.optional(),
  document_number: text(50).optional(),
});

const BestAvailable = z.strictObject({
  quantity: z.int().min(1).max(50),
  section_id: id.optional(),
  accessible: z.boolean().optional().describe('Only accessible places; without it they are never given out.'),
  together: z
    .boolean()
    .optional()
    .describe('true: side by side or not at all; false: just the best; absent: side by side if possible.'),
});

/** What a cart line is asked for: exactly one thing, in exactly one way. */
export const Item = z
  .strictObject({
    ticket_type_id: id.optional(),
    product_id: id.optional(),
    plan_setting_id: id.optional().describe('A membership or season ticket, for the user of the cart.'),
    section_id: id.optional().describe('General admission: which section, where the type has several.'),
    seat_id: id.optional().describe('A season with chosen seats: the seat at all its dates.'),
    quantity: z.int().min(1).max(1000).optional(),
    seat_ids: z.array(id).min(1).max(50).optional(),
    best_available: BestAvailable.optional(),
    holder: Holder.optional(),
    guest_id: id.optional(),
  })
  .superRefine((item, check) => {
    const fault = (path: string, message: string) =>
      check.addIssue({ code: 'custom', path: [path], message });
    const things = [item.ticket_type_id, item.product_id, item.plan_setting_id].filter(Boolean);
    if (things.length !== 1)
      fault('ticket_type_id', 'name exactly one of ticket_type_id, product_id and plan_setting_id');
    if (item.plan_setting_id) {
      for (const way of ['quantity', 'seat_ids', 'best_available'] as const)
        if (item[way] !== undefined) fault(way, 'a plan is one subscription');
      if (item.seat_id && item.section_id) fault('section_id', 'goes without a seat_id');
      if (item.holder && item.guest_id) fault('guest_id', 'name either a holder or a guest_id');
      return;
    }
    if (item.seat_id) fault('seat_id', 'goes with a plan_setting_id only; seats of tickets are seat_ids');
    const ways = (['quantity', 'seat_ids', 'best_available'] as const).filter(
      (way) => item[way] !== undefined,
    );
    if (ways.length !== 1) fault(ways[1] ?? 'quantity', 'say how many in exactly one way');
    if (item.product_id && ways[0] && ways[0] !== 'quantity') fault(ways[0], 'a product takes a quantity');
    if (item.section_id && (item.product_id || ways[0] !== 'quantity'))
      fault('section_id', 'goes with the quantity of a ticket type only');
    if (item.holder && item.guest_id) fault('guest_id', 'name either a holder or a guest_id');
    if (item.seat_ids && new Set(item.seat_ids).size !== item.seat_ids.length)
      fault('seat_ids', 'names a seat twice');
  });
export type Item = z.output<typeof Item>;

export const Items = z.array(Item).min(1).max(50);

const Buyer = z.strictObject({
  first_name: text(100).nullable().optional(),
  last_name: text(100).nullable().optional(),
  email: email.nullable().optional(),
  phone: text(40).nullable().optional(),
  document_type: text(40).nullable().optional(),
  document_number: text(50).nullable().optional(),
});
export type Buyer = z.output<typeof Buyer>;

export const SeatRulesOverride = z
  .strictObject({ reason: text(300) })
  .describe(
    'sell only: seats are held although one would be left alone, or a companion goes without the accessible seat. Kept in the audit log.',
  );
export type SeatRulesOverride = z.output<typeof SeatRulesOverride>;

export const OpenCart = z
  .strictObject({
    items: Items.optional(),
    buyer: Buyer.optional(),
    user_id: id.optional().describe('sell only: whom the cart is for.'),
    notes: text(2000).optional(),
    override_seat_rules: SeatRulesOverride.optional(),
    queue_place_ids: placeIds,
  })
  .optional();
export type OpenCart = z.output<typeof OpenCart>;

export const AddSaleDetails = z.strictObject({
  items: Items,
  override_seat_rules: SeatRulesOverride.optional(),
  queue_place_ids: placeIds,
});
export type AddSaleDetails = z.output<typeof AddSaleDetails>;

export const PatchCart = z.strictObject({ buyer: Buyer.optional(), notes: text(2000).nullable().optional() });
export type PatchCart = z.output<typeof PatchCart>;

export const ExtendCart = z
  .strictObject({
    seconds: z.int().min(1).max(86_400).optional().describe('Default: one more hold of the interface.'),
  })
  .optional();
export type ExtendCart = z.output<typeof ExtendCart>;

export const PatchSaleDetail = z.strictObject({
  holder: Holder.nullable().optional(),
  guest_id: id.nullable().optional(),
  price_override: z
    .strictObject({ unit_price: z.int().min(0).max(2_000_000_000), reason: text(300) })
    .nullable()
    .optional()
    .describe('sell only: a price set by hand, and why.'),
});
export type PatchSaleDetail = z.output<typeof PatchSaleDetail>;

export const ApplyCode = z.strictObject({ code: text(64) });

// ── answers ──

export const SaleDetail = z
  .object({
    id: z.string(),
    cart_id: z.string(),
    kind: z.enum(['ticket', 'product', 'plan']),
    status: z.enum(['held', 'paid', 'refunded', 'released', 'exchanged']),
    event_id: z.int().nullable(),
    ticket_type_id: z.int().nullable(),
    product_id: z.int().nullable(),
    plan_setting_id: z.int().nullable(),
    section_id: z.int().nullable(),
    seat: z.object({ id: z.int(), section: z.string(), row: z.string(), number: z.string() }).nullable(),
    quantity: z.int(),
    unit_price: money,
    discount: money,
    fee: money,
    tax: money,
    total: money,
    refunded: money,
    price_trace: z.array(
      z.object({
        rule: z.string(),
        name: z.string(),
        amount: money,
        included: money.describe('Tax inside the price.'),
      }),
    ),
    holder: z
      .object({
        first_name: z.string().nullable(),
        last_name: z.string().nullable(),
        email: z.string().nullable(),
        document_number: z.string().nullable(),
      })
      .nullable(),
    guest_id: z.int().nullable(),
    ticket_id: z.string().nullable(),
    created_at: at,
    updated_at: at,
  })
  .meta({ id: 'SaleDetail' });

export const Cart = z
  .object({
    id: z.string(),
    status: z.enum([
      'open',
      'pending_payment',
      'paid',
      'partially_refunded',
      'refunded',
      'expired',
      'cancelled',
    ]),
    interface_id: z.int(),
    client_id: z.string(),
    user_id: z.int().nullable(),
    buyer: z.object({
      first_name: z.string().nullable(),
      last_name: z.string().nullable(),
      email: z.string().nullable(),
      phone: z.string().nullable(),
      document_type: z.string().nullable(),
      document_number: z.string().nullable(),
    }),
    currency: z.string(),
    totals: z.object({
      subtotal: money,
      discount: money,
      fee: money,
      tax: money,
      total: money,
      paid: money,
      refunded: money,
      exchanged: money.describe(
        'Worth of exchanged tickets that paid for others: in paid and in refunded, though no money moved.',
      ),
    }),
    codes: z.array(z.string()),
    sale_details: z.array(SaleDetail),
    notes: z.string().nullable(),
    expires_at: at,
    created_at: at,
    updated_at: at,
    paid_at: at.nullable(),
  })
  .meta({ id: 'Cart' });
