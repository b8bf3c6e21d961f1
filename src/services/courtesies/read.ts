import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import type { Page, PageRequest } from '../../routing/answers.ts';
import type { CourtesyFilters } from '../../schemas/courtesies.ts';
import { searchableSql } from '../events/search.ts';
import {
  type CourtesyRecord,
  type CourtesyView,
  presentCourtesies,
  readCourtesy,
  WITH_TICKET,
} from './row.ts';

/** SQL over event `e`: it is over, so that who has not come will not come. */
export const OVER = `coalesce(e.ends_at, e.starts_at + interval '24 hours') < now()`;

const CONDITIONS = {
  event_id: 'k.event_id = $',
  host: 'k.host = $',
  status: 'k.status = $',
  job_id: 'k.job_id = $',
  user_id: 'k.user_id = $',
  no_show: `(k.status = 'issued' AND t.validated_at IS NULL AND EXISTS (SELECT FROM event e
    WHERE e.company_id = k.company_id AND e.id = k.event_id AND ${OVER})) = $`,
  q: `NOT EXISTS (SELECT FROM regexp_split_to_table(${searchableSql('$#::text')}, '\\s+') AS w (word)
    WHERE strpos(${searchableSql("concat_ws(' ', k.first_name, k.last_name, k.email)")}, w.word) = 0)`,
} as const satisfies Record<keyof CourtesyFilters, string>;

const FILTERS = Object.keys(CONDITIONS) as (keyof CourtesyFilters)[];

/** @throws AppError not_found */
export async function getCourtesy(ctx: Context, id: string): Promise<CourtesyView> {
  const [view] = await presentCourtesies(ctx, [await readCourtesy(ctx, id)]);
  return view as CourtesyView;
}

/** The courtesies that were given on the interface, newest first. */
export async function listCourtesies(
  ctx: Context,
  filters: CourtesyFilters,
  { limit, offset }: PageRequest,
): Promise<Page<CourtesyView>> {
  const given = FILTERS.filter((name) => filters[name] !== undefined);
  const condition = (name: keyof CourtesyFilters, i: number) =>
    CONDITIONS[name].includes('$#')
      ? CONDITIONS[name].replace('$#', `$${i + 3}`)
      : CONDITIONS[name] + (i + 3);
  const where = ['k.company_id = $1', 'k.interface_id = $2', ...given.map(condition)].join(' AND ');
  const shape = given.join('_');
  const values = [ctx.company_id, ctx.interface.id, ...given.map((name) => filters[name])];
  const n = values.length;
  const list = statement(
    `courtesy_list_${shape}`,
    `${WITH_TICKET} WHERE ${where} ORDER BY k.id DESC LIMIT $${n + 1} OFFSET $${n + 2}`,
  );
  const count = statement(
    `courtesy_count_${shape}`,
    `SELECT count(*) AS total FROM courtesy k
     LEFT JOIN ticket t ON t.company_id = k.company_id AND t.id = k.ticket_id WHERE ${where}`,
  );
  const { db } = ctx.system;
  const [rows, [counted]] = await Promise.all([
    db.query<CourtesyRecord>(list, [...values, limit, offset]),
    db.query<{ total: number }>(count, values),
  ]);
  return { items: await presentCourtesies(ctx, rows), total: counted?.total ?? 0 };
}
