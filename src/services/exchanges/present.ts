import { statement } from '../../db/client.ts';
import type { Exchange } from '../../schemas/exchanges.ts';
import type { System } from '../../system.ts';
import { presentLine } from '../carts/present.ts';
import type { LineRow } from '../carts/row.ts';
import { type PaymentRow, presentPayment } from '../payments/row.ts';
import { presentRefund, type RefundRow } from '../refunds/row.ts';
import { withPlaces } from './places.ts';
import { difference, type HeldExchange, type Reader } from './row.ts';

const LINES = statement(
  'exchange_lines',
  `SELECT l.*, t.id AS ticket_id FROM sale_detail l
   LEFT JOIN ticket t ON t.company_id = l.company_id AND t.cart_id = l.cart_id AND t.sale_detail_id = l.id
     AND t.status <> 'transferred'
   WHERE l.company_id = $1 AND l.id = ANY($2::uuid[])`,
);
const PAYMENT = statement(
  'exchange_payment',
  `SELECT * FROM payment WHERE company_id = $1 AND cart_id = ANY($2::uuid[]) AND exchange_id = $3
   ORDER BY created_at DESC, id DESC LIMIT 1`,
);
const REFUNDS = statement(
  'exchange_refunds',
  'SELECT * FROM refund WHERE company_id = $1 AND id = ANY($2::uuid[]) ORDER BY created_at, id',
);

/** An exchange as the API shows it: its status is that of its hold while it is not carried out. */
export async function presentExchange(system: System, reader: Reader, x: HeldExchange): Promise<Exchange> {
  const { company_id } = x;
  const read = <Row>(s: typeof LINES, values: unknown[]): Promise<Row[]> => reader.query<Row>(s, values);
  const lines = await read<LineRow & { ticket_id: string | null }>(LINES, [
    company_id,
    [...x.sale_detail_ids, ...x.new_sale_detail_ids],
  ]);
  const byId = new Map(lines.map((line) => [line.id, line]));
  const of = (ids: string[]) => ids.flatMap((id) => byId.get(id) ?? []);
  const old = of(x.sale_detail_ids);
  const fresh = x.keep_places ? withPlaces(of(x.new_sale_detail_ids), old) : of(x.new_sale_detail_ids);
  const seat_ids = [...old, ...fresh].flatMap((line) => line.seat_id ?? []);
  const labels = await system.seatLabels.of(reader, company_id, seat_ids);
  const view = (line: LineRow) => ({
    ...presentLine(line, labels, byId.get(line.id)?.ticket_id ?? null),
    cart_id: x.cart_id,
  });
  const [payment] = await read<PaymentRow>(PAYMENT, [company_id, [x.cart_id, x.hold_cart_id], x.id]);
  const refunds = x.refund_ids.length ? await read<RefundRow>(REFUNDS, [company_id, x.refund_ids]) : [];
  return {
    id: x.id,
    cart_id: x.cart_id,
    status: statusOf(x),
    reason: x.reason,
    currency: x.currency,
    credit: x.credit,
    price: x.price,
    ...difference(x),
    old_sale_details: old.map(view),
    new_sale_details: fresh.map(view),
    payment: payment ? { ...presentPayment(payment), cart_id: x.cart_id } : null,
    refund: refunds.length ? presentRefund(refunds) : null,
    expires_at: x.expires_at,
    created_at: x.created_at,
    updated_at: x.updated_at,
    completed_at: x.completed_at,
  };
}

export function statusOf({ status, hold_status, hold_over }: HeldExchange): Exchange['status'] {
  if (status !== 'quoted') return status;
  if (hold_over) return 'expired';
  if (hold_status === 'pending_payment') return 'pending';
  return hold_status === 'open' ? 'quoted' : 'expired';
}
