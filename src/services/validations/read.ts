import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { notFound } from '../../errors.ts';
import type { Page, PageRequest } from '../../routing/answers.ts';
import type { ValidationFilters } from '../../schemas/validations.ts';
import { presentValidations, VALIDATION_ACCESS, type ValidationRow, type ValidationView } from './row.ts';

const READ = statement(
  'validation_read',
  `SELECT v.* FROM validation v WHERE ${VALIDATION_ACCESS} AND v.id = $3`,
);

/** A scan of an event of the interface. @throws AppError not_found */
export async function readValidation(ctx: Context, validation_id: string): Promise<ValidationRow> {
  const values = [ctx.company_id, ctx.interface.id, validation_id];
  const [row] = await ctx.system.db.query<ValidationRow>(READ, values);
  if (!row) throw notFound('Validation');
  return row;
}

/** @throws AppError not_found */
export async function getValidation(ctx: Context, validation_id: string): Promise<ValidationView> {
  const [view] = await presentValidations(ctx, [await readValidation(ctx, validation_id)]);
  return view as ValidationView;
}

/** Each filter with its condition; what follows it is the number of its parameter. */
const CONDITIONS = {
  event_id: 'v.event_id = $',
  gate_id: 'v.gate_id = $',
  ticket_id: 'v.ticket_id = $',
  result: 'v.result::text = $',
  from: 'v.scanned_at >= $',
  to: 'v.scanned_at < $',
} as const satisfies Record<keyof ValidationFilters, string>;

const FILTERS = Object.keys(CONDITIONS) as (keyof ValidationFilters)[];

/** The scans of the interface's events, newest first. */
export async function listValidations(
  ctx: Context,
  filters: ValidationFilters,
  { limit, offset }: PageRequest,
): Promise<Page<ValidationView>> {
  // Written for the filters at hand, so that each combination is planned with the index it can use.
  const given = FILTERS.filter((name) => filters[name] !== undefined);
  const where = [VALIDATION_ACCESS, ...given.map((name, i) => CONDITIONS[name] + (i + 3))].join(' AND ');
  const shape = given.join('_');
  const values = [ctx.company_id, ctx.interface.id, ...given.map((name) => filters[name])];
  const n = values.length;
  const list = statement(
    `validation_list_${shape}`,
    `SELECT v.* FROM validation v WHERE ${where} ORDER BY v.created_at DESC, v.id DESC LIMIT $${n + 1} OFFSET $${n + 2}`,
  );
  const count = statement(
    `validation_count_${shape}`,
    `SELECT count(*) AS total FROM validation v WHERE ${where}`,
  );
  const { db } = ctx.system;
  const [rows, [counted]] = await Promise.all([
    db.query<ValidationRow>(list, [...values, limit, offset]),
    db.query<{ total: number }>(count, values),
  ]);
  return { items: await presentValidations(ctx, rows), total: counted?.total ?? 0 };
}
