import { z } from 'zod';
import { at, id, instant, listParam, money, text, uuidParam } from './common.ts';
import { TICKET_STATUSES } from './tickets.ts';

export const EXPORT_RESOURCES = ['sales', 'attendees', 'ledger', 'codes'] as const;
export type ExportResource = (typeof EXPORT_RESOURCES)[number];
export const EXPORT_FORMATS = ['csv', 'xlsx', 'json'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

// ── requests ──

export const exportParams = { export_id: uuidParam };

export const NewExport = z.strictObject({
  resource: z.enum(EXPORT_RESOURCES),
  format: z.enum(EXPORT_FORMATS).describe('Workbooks (xlsx) begin a new sheet every million rows.'),
  filters: z
    .strictObject({
      event_id: id.optional(),
      interface_id: id.optional().describe('Of one interface: `sell` has its own in any case.'),
      from: instant.optional().describe('Sold, issued, booked or made at this time or later.'),
      to: instant.optional().describe('Before this time.'),
      status: z
        .array(text(50))
        .min(1)
        .max(10)
        .optional()
        .describe(
          'sales: paid, refunded, exchanged; attendees: valid, used, void, transferred; ledger: its kinds (sale, payment, refund, ' +
            'reversal); codes: active, inactive.',
        ),
    })
    .optional(),
});
export type NewExport = z.output<typeof NewExport>;
export type ExportFilters = NonNullable<NewExport['filters']>;

export const SALE_STATUSES = ['paid', 'refunded', 'exchanged'] as const;

export const salesQuery = {
  status: listParam(SALE_STATUSES).optional().describe('Statuses, separated by commas.'),
};

export const attendeesQuery = {
  status: listParam(TICKET_STATUSES).optional().describe('Statuses, separated by commas.'),
};

// ── answers ──

export const Sale = z
  .object({
    id: z.string().describe('Of the sale detail.'),
    cart_id: z.string(),
    sold_at: at,
    status: z.enum(SALE_STATUSES),
    interface_id: z.int(),
    kind: z.enum(['ticket', 'product', 'plan']),
    event_id: z.int(),
    event: z.string(),
    ticket_type: z.string().nullable(),
    product: z.string().nullable(),
    section: z.string().nullable(),
    row: z.string().nullable(),
    seat: z.string().nullable(),
    quantity: z.int(),
    unit_price: money,
    discount: money,
    fee: money,
    tax: money,
    total: money,
    refunded: money,
    currency: z.string(),
    buyer_first_name: z.string().nullable(),
    buyer_last_name: z.string().nullable(),
    buyer_email: z.string().nullable(),
    buyer_phone: z.string().nullable(),
    buyer_document: z.string().nullable(),
    ticket_id: z.string().nullable(),
  })
  .meta({ id: 'Sale' });

export const Export = z
  .object({
    id: z.string(),
    job_id: z.string(),
    resource: z.enum(EXPORT_RESOURCES),
    format: z.enum(EXPORT_FORMATS),
    rows: z.int().describe('Rows written so far.'),
    url: z.string().nullable().describe('Where the file is: null until it is whole.'),
    expires_at: at.describe('When the file is deleted.'),
    created_at: at,
    finished_at: at.nullable(),
  })
  .meta({ id: 'Export' });
