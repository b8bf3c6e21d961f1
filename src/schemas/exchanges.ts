import { z } from 'zod';
import { Items, SaleDetail, SeatRulesOverride } from './carts.ts';
import { at, id, money, text, uuid } from './common.ts';
import { Payment, PaymentRequest, Refund } from './payments.ts';
import { placeIds } from './queues.ts';

// ── requests ──

export const ExchangeRequest = z
  .strictObject({
    sale_detail_ids: z.array(uuid).min(1).max(50).describe('The ticket lines that are given back.'),
    items: Items.optional().describe('What is wanted for them: other seats, types or dates.'),
    ticket_type_id: id.optional().describe('The same places by another type of the same event.'),
    reason: text(500).optional(),
    force: z.boolean().optional().describe('sell only: exchange tickets that were used at the door, too.'),
    override_seat_rules: SeatRulesOverride.optional(),
    queue_place_ids: placeIds,
  })
  .superRefine(({ sale_detail_ids, items, ticket_type_id }, check) => {
    const fault = (path: (string | number)[], message: string) =>
      check.addIssue({ code: 'custom', path, message });
    if (new Set(sale_detail_ids).size !== sale_detail_ids.length)
      fault(['sale_detail_ids'], 'names a line twice');
    if (!items === !ticket_type_id) fault(['ticket_type_id'], 'name either items or a ticket_type_id');
    for (const [i, item] of (items ?? []).entries())
      for (const field of ['product_id', 'plan_setting_id'] as const)
        if (item[field]) fault(['items', i, field], 'tickets are exchanged for tickets');
  });
export type ExchangeRequest = z.output<typeof ExchangeRequest>;

export const CommitExchange = z
  .strictObject({
    payment: PaymentRequest.optional().describe('How the difference is paid, where there is one.'),
  })
  .optional();
export type CommitExchange = z.output<typeof CommitExchange>;

// ── answers ──

export const Exchange = z
  .object({
    id: z.string(),
    cart_id: z.string(),
    status: z
      .enum(['quoted', 'pending', 'completed', 'cancelled', 'expired'])
      .describe('quoted: the new places are held until expires_at. pending: a card payment is under way.'),
    reason: z.string().nullable(),
    currency: z.string(),
    credit: money.describe('What the old lines are worth.'),
    price: money.describe('What the new lines cost.'),
    amount_due: money.describe('To be paid when it is committed.'),
    refund_due: money.describe('Given back when it is committed.'),
    old_sale_details: z.array(SaleDetail),
    new_sale_details: z.array(SaleDetail).describe('Held until it is committed; then lines of the cart.'),
    payment: Payment.nullable().describe('The last payment of the difference.'),
    refund: Refund.nullable(),
    expires_at: at,
    created_at: at,
    updated_at: at,
    completed_at: at.nullable(),
  })
  .meta({ id: 'Exchange' });
export type Exchange = z.output<typeof Exchange>;
