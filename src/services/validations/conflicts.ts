import type { z } from 'zod';
import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import type { Page, PageRequest } from '../../routing/answers.ts';
import type { Conflict, ConflictFilters } from '../../schemas/offline.ts';
import { doorAt } from './prepare.ts';
import { presentValidations, type ValidationRow, type ValidationView } from './row.ts';

type ConflictView = z.output<typeof Conflict>;

const WHERE = `v.company_id = $1 AND v.event_id = $2 AND v.conflict IS NOT NULL AND v.undone_at IS NULL
  AND ($3::int IS NULL OR v.gate_id = $3) AND ($4::text IS NULL OR v.device_id = $4)
  AND ($5::text IS NULL OR v.conflict = $5)`;
const LIST = statement(
  'conflict_list',
  `SELECT v.* FROM validation v WHERE ${WHERE} ORDER BY v.scanned_at, v.id LIMIT $6 OFFSET $7`,
);
const COUNT = statement('conflict_count', `SELECT count(*) AS total FROM validation v WHERE ${WHERE}`);
const COUNTED = statement(
  'conflict_counted',
  'SELECT v.* FROM validation v WHERE v.company_id = $1 AND v.id = ANY($2::uuid[])',
);

/**
 * Where gates that did not know of each other let somebody in against a rule, as the logs of the tickets stand now, in
 * order of time: a double entry beside the one that counts, which is the earlier one once clocks are corrected.
 * @throws AppError not_found
 */
export async function listConflicts(
  ctx: Context,
  event_id: number,
  { gate_id = undefined, device_id, kind }: ConflictFilters,
  { limit, offset }: PageRequest,
): Promise<Page<ConflictView>> {
  await doorAt(ctx, event_id, null);
  const { db } = ctx.system;
  const values = [ctx.company_id, event_id, gate_id ?? null, device_id ?? null, kind ?? null];
  const [rows, [counted]] = await Promise.all([
    db.query<ValidationRow>(LIST, [...values, limit, offset]),
    db.query<{ total: number }>(COUNT, values),
  ]);
  const others = await db.query<ValidationRow>(COUNTED, [
    ctx.company_id,
    rows.flatMap(({ conflict_id }) => conflict_id ?? []),
  ]);
  const views = await presentValidations(ctx, [...rows, ...others]);
  const byId = new Map(views.map((view) => [view.id, view]));
  const items = rows.map((row): ConflictView => {
    const other = row.conflict_id === null ? null : (byId.get(row.conflict_id) ?? null);
    return {
      kind: row.conflict as ConflictView['kind'],
      validation: byId.get(row.id) as ValidationView,
      counted: other,
      seconds_apart: other && (row.scanned_at.getTime() - other.scanned_at.getTime()) / 1_000,
    };
  });
  return { items, total: counted?.total ?? 0 };
}
