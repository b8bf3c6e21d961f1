import type { Context } from '../../context.ts';
import type { Row } from '../exports/resources.ts';
import { csvRows } from '../exports/write.ts';
import { getReport } from './report.ts';

const COLUMNS = [
  ...[
    'part',
    'id',
    'name',
    'capacity',
    'sold',
    'courtesy',
    'held',
    'blocked',
    'free',
    'refunded',
    'refunded_amount',
    'revenue',
    'currency',
  ],
];

/**
 * The report as one table: a line for the event, then for each type, section, product, interface, day and hour.
 * @throws AppError as getReport
 */
export async function getReportCsv(ctx: Context, event_id: number, as_of?: Date): Promise<string> {
  const report = await getReport(ctx, event_id, as_of);
  const { currency, totals, ticket_types, sections, products, interfaces, days, hours } = report;
  const rows: Row[] = [
    { part: 'event', id: event_id, ...totals },
    ...ticket_types.map(({ ticket_type_id: id, ...row }) => ({ part: 'ticket_type', id, ...row })),
    ...sections.map(({ section_id: id, ...row }) => ({ part: 'section', id, ...row })),
    ...products.map(({ product_id: id, ...row }) => ({ part: 'product', id, ...row })),
    ...interfaces.map(({ interface_id: id, ...row }) => ({ part: 'interface', id, ...row })),
    ...days.map(({ day: name, ...row }) => ({ part: 'day', name, ...row })),
    ...hours.map(({ hour, ...row }) => ({ part: 'hour', name: hour.toISOString(), ...row })),
  ];
  return csvRows(
    rows.map((row) => ({ ...row, currency })),
    { columns: COLUMNS, before: 0 },
  );
}
