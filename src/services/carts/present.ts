import type { z } from 'zod';
import type { Cart, SaleDetail } from '../../schemas/carts.ts';
import type { SeatLabel } from '../maps/seat-labels.ts';
import type { CartRow, LineRow } from './row.ts';

export type CartView = z.output<typeof Cart>;
export type SaleDetailView = z.output<typeof SaleDetail>;

/** A line as the API shows it. */
export function presentLine(
  line: LineRow,
  labels: ReadonlyMap<number, SeatLabel>,
  ticket_id: string | null = null,
): SaleDetailView {
  const { first_name, last_name, email, document_number } = line;
  return {
    id: line.id,
    cart_id: line.cart_id,
    kind: line.kind,
    status: line.status,
    event_id: line.event_id,
    ticket_type_id: line.ticket_type_id,
    product_id: line.product_id,
    plan_setting_id: line.plan_setting_id,
    section_id: line.section_id,
    seat: line.seat_id === null ? null : (labels.get(line.seat_id) ?? null),
    quantity: line.quantity,
    unit_price: line.unit_price,
    discount: line.discount,
    fee: line.fee,
    tax: line.tax,
    total: line.total,
    refunded: line.refunded,
    price_trace: line.price_trace,
    holder:
      (first_name ?? last_name ?? email ?? document_number)
        ? { first_name, last_name, email, document_number }
        : null,
    guest_id: line.guest_id,
    ticket_id,
    created_at: line.created_at,
    updated_at: line.updated_at,
  };
}

/** A cart as the API shows it; an overdue hold is an expired cart, swept or not. */
export function presentCart(cart: CartRow, lines: SaleDetailView[], codes: string[]): CartView {
  return {
    id: cart.id,
    status: cart.status === 'open' && cart.overdue ? 'expired' : cart.status,
    interface_id: cart.interface_id,
    client_id: cart.client_id,
    user_id: cart.user_id,
    buyer: {
      first_name: cart.first_name,
      last_name: cart.last_name,
      email: cart.email,
      phone: cart.phone,
      document_type: cart.document_type,
      document_number: cart.document_number,
    },
    currency: cart.currency,
    totals: {
      subtotal: cart.subtotal,
      discount: cart.discount,
      fee: cart.fee,
      tax: cart.tax,
      total: cart.total,
      paid: cart.paid,
      refunded: cart.refunded,
      exchanged: cart.exchanged,
    },
    codes,
    sale_details: lines,
    notes: cart.notes,
    expires_at: cart.expires_at,
    created_at: cart.created_at,
    updated_at: cart.updated_at,
    paid_at: cart.paid_at,
  };
}
