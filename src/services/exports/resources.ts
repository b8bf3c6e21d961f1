import { type Statement, statement } from '../../db/client.ts';
import { type ExportResource, SALE_STATUSES } from '../../schemas/exports.ts';

/** A cell of an exported table. Amounts are integers in minor units, as everywhere. */
export type Cell = string | number | boolean | Date | null;
export type Row = Record<string, Cell>;

/** Which rows: all of a company that meet what is named. */
export interface RowFilter {
  company_id: number;
  /** Null: of all interfaces. */
  interface_id: number | null;
  event_id: number | null;
  from: Date | null;
  to: Date | null;
  status: readonly string[] | null;
}

/** What can be exported: its columns, and a statement that gives the rows behind a key, in the order of the key. */
interface Source {
  columns: readonly string[];
  statuses: readonly string[];
  /** $1 company, $2 interface, $3 event, $4 from, $5 to, $6 statuses, $7 key, $8 limit. */
  page: Statement;
  /** A key before all others. */
  first: string;
}

const NIL = '00000000-0000-0000-0000-000000000000';
const within = (time: string) =>
  `($4::timestamptz IS NULL OR ${time} >= $4) AND ($5::timestamptz IS NULL OR ${time} < $5)`;

/** Lines that were sold, with where, to whom and in which cart. */
export const SALE_COLUMNS = `SELECT d.id, d.cart_id, c.paid_at AS sold_at, d.status::text, c.interface_id, d.kind::text, d.event_id,
   e.name AS event, t.name AS ticket_type, p.name AS product, s.name AS section, r.label AS row, q.number AS seat,
   d.quantity, d.unit_price, d.discount, d.fee, d.tax, d.total, d.refunded, c.currency,
   c.first_name AS buyer_first_name, c.last_name AS buyer_last_name, c.email AS buyer_email,
   c.phone AS buyer_phone, c.document_number AS buyer_document, k.id AS ticket_id`;
/** Parameters $1 to $6 are those of a Source. */
export const SALE_ROWS = `FROM sale_detail d JOIN cart c ON c.company_id = d.company_id AND c.id = d.cart_id
 LEFT JOIN event e ON e.company_id = d.company_id AND e.id = d.event_id
 LEFT JOIN ticket_type t ON t.company_id = d.company_id AND t.id = d.ticket_type_id
 LEFT JOIN product p ON p.company_id = d.company_id AND p.id = d.product_id
 LEFT JOIN section s ON s.company_id = d.company_id AND s.id = d.section_id
 LEFT JOIN seat q ON q.company_id = d.company_id AND q.id = d.seat_id
 LEFT JOIN seat_row r ON r.company_id = q.company_id AND r.id = q.row_id
 LEFT JOIN LATERAL (SELECT k.id FROM ticket k
   WHERE k.company_id = d.company_id AND k.cart_id = d.cart_id AND k.sale_detail_id = d.id
   ORDER BY k.id DESC LIMIT 1) k ON true
 WHERE d.company_id = $1 AND ($2::int IS NULL OR c.interface_id = $2) AND ($3::int IS NULL OR d.event_id = $3)
   AND ${within('c.paid_at')} AND d.status::text = ANY(coalesce($6::text[], '{paid,refunded,exchanged}'))`;

export const SOURCES: Record<ExportResource, Source> = {
  sales: {
    columns: [
      ...[
        'id',
        'cart_id',
        'sold_at',
        'status',
        'interface_id',
        'kind',
        'event_id',
        'event',
        'ticket_type',
        'product',
      ],
      ...[
        'section',
        'row',
        'seat',
        'quantity',
        'unit_price',
        'discount',
        'fee',
        'tax',
        'total',
        'refunded',
        'currency',
      ],
      ...['buyer_first_name', 'buyer_last_name', 'buyer_email', 'buyer_phone', 'buyer_document', 'ticket_id'],
    ],
    statuses: SALE_STATUSES,
    first: NIL,
    page: statement(
      'export_sales',
      `${SALE_COLUMNS} ${SALE_ROWS} AND d.id > $7::uuid ORDER BY d.id LIMIT $8`,
    ),
  },
  attendees: {
    columns: [
      ...[
        'id',
        'event_id',
        'event',
        'ticket_type',
        'section',
        'row',
        'seat',
        'status',
        'first_name',
        'last_name',
      ],
      ...['email', 'document_number', 'entries', 'validated_at', 'issued_at', 'cart_id', 'interface_id'],
    ],
    statuses: ['valid', 'used', 'void', 'transferred'],
    first: NIL,
    page: statement(
      'export_attendees',
      `SELECT k.id, k.event_id, e.name AS event, t.name AS ticket_type, s.name AS section, r.label AS row,
         q.number AS seat, k.status::text, k.first_name, k.last_name, k.email, k.document_number, k.entries,
         k.validated_at, k.created_at AS issued_at, k.cart_id, k.interface_id
       FROM ticket k LEFT JOIN event e ON e.company_id = k.company_id AND e.id = k.event_id
       LEFT JOIN ticket_type t ON t.company_id = k.company_id AND t.id = k.ticket_type_id
       LEFT JOIN section s ON s.company_id = k.company_id AND s.id = k.section_id
       LEFT JOIN seat q ON q.company_id = k.company_id AND q.id = k.seat_id
       LEFT JOIN seat_row r ON r.company_id = q.company_id AND r.id = q.row_id
       WHERE k.company_id = $1 AND ($2::int IS NULL OR k.interface_id = $2) AND ($3::int IS NULL OR k.event_id = $3)
         AND ${within('k.created_at')} AND ($6::text[] IS NULL OR k.status::text = ANY($6)) AND k.id > $7::uuid
       ORDER BY k.id LIMIT $8`,
    ),
  },
  ledger: {
    columns: [
      ...[
        'id',
        'booked_at',
        'kind',
        'interface_id',
        'event_id',
        'event',
        'ticket_type',
        'product',
        'section',
      ],
      ...['quantity', 'amount', 'discount', 'fee', 'tax', 'currency'],
      ...['cart_id', 'sale_detail_id', 'payment_id', 'refund_id', 'exchange_id'],
    ],
    statuses: ['sale', 'payment', 'refund', 'reversal'],
    first: NIL,
    page: statement(
      'export_ledger',
      `SELECT l.id, l.created_at AS booked_at, l.kind, l.interface_id, l.event_id, e.name AS event,
         t.name AS ticket_type, p.name AS product, s.name AS section, l.quantity, l.amount, l.discount, l.fee, l.tax,
         l.currency, l.cart_id, l.sale_detail_id, l.payment_id, l.refund_id, l.exchange_id
       FROM ledger_entry l LEFT JOIN event e ON e.company_id = l.company_id AND e.id = l.event_id
       LEFT JOIN ticket_type t ON t.company_id = l.company_id AND t.id = l.ticket_type_id
       LEFT JOIN product p ON p.company_id = l.company_id AND p.id = l.product_id
       LEFT JOIN section s ON s.company_id = l.company_id AND s.id = l.section_id
       WHERE l.company_id = $1 AND ($2::int IS NULL OR l.interface_id = $2) AND ($3::int IS NULL OR l.event_id = $3)
         AND ${within('l.created_at')} AND ($6::text[] IS NULL OR l.kind = ANY($6)) AND l.id > $7::uuid
       ORDER BY l.id LIMIT $8`,
    ),
  },
  codes: {
    columns: [
      ...[
        'id',
        'event_id',
        'event',
        'code',
        'kind',
        'value',
        'max_uses',
        'max_uses_per_user',
        'held',
        'used',
      ],
      ...['stackable', 'active', 'starts_at', 'ends_at', 'created_at'],
    ],
    statuses: ['active', 'inactive'],
    first: '0',
    page: statement(
      'export_codes',
      `SELECT o.id, o.event_id, e.name AS event, o.code, o.kind::text, o.value, o.max_uses, o.max_uses_per_user, o.held,
         o.used, o.stackable, o.active, o.starts_at, o.ends_at, o.created_at
       FROM code o JOIN event e ON e.company_id = o.company_id AND e.id = o.event_id
       WHERE o.company_id = $1 AND ($2::int IS NULL OR EXISTS (SELECT FROM event_interface i
           WHERE i.company_id = o.company_id AND i.event_id = o.event_id AND i.interface_id = $2))
         AND ($3::int IS NULL OR o.event_id = $3) AND ${within('o.created_at')}
         AND ($6::text[] IS NULL OR (CASE WHEN o.active THEN 'active' ELSE 'inactive' END) = ANY($6))
         AND o.id > $7::int ORDER BY o.id LIMIT $8`,
    ),
  },
};

/** Reads on behind a key. */
export async function readRows(
  query: (statement: Statement, values: readonly unknown[]) => Promise<Row[]>,
  resource: ExportResource,
  { company_id, interface_id, event_id, from, to, status }: RowFilter,
  after: string,
  limit: number,
): Promise<Row[]> {
  const values = [company_id, interface_id, event_id, from, to, status, after, limit];
  return query(SOURCES[resource].page, values);
}
