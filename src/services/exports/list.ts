import { Readable } from 'node:stream';
import type { z } from 'zod';
import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import type { Page, PageRequest } from '../../routing/answers.ts';
import type { ExportResource, Sale } from '../../schemas/exports.ts';
import { loadEvent } from '../events/row.ts';
import { readRows, SALE_COLUMNS, SALE_ROWS, SOURCES } from './resources.ts';
import { csvRows } from './write.ts';

const AT_ONCE = 1_000;

export type SaleView = z.output<typeof Sale>;

const LIST = statement('sale_list', `${SALE_COLUMNS} ${SALE_ROWS} ORDER BY d.id DESC LIMIT $7 OFFSET $8`);
const COUNT = statement('sale_count', `SELECT count(*) AS total ${SALE_ROWS}`);

/** `admin` sees what all interfaces have sold, `sell` what its own has. */
const scopeOf = (ctx: Context): number | null => (ctx.scopes.has('admin') ? null : ctx.interface.id);

/**
 * What was sold of an event, newest first.
 * @throws AppError not_found
 */
export async function listSales(
  ctx: Context,
  event_id: number,
  { status = null }: { status?: readonly string[] | null | undefined },
  { limit, offset }: PageRequest,
): Promise<Page<SaleView>> {
  await loadEvent(ctx, event_id);
  const { db } = ctx.system;
  const values = [ctx.company_id, scopeOf(ctx), event_id, null, null, status];
  const [items, [count]] = await Promise.all([
    db.query<SaleView>(LIST, [...values, limit, offset]),
    db.query<{ total: number }>(COUNT, values),
  ]);
  return { items, total: count?.total ?? 0 };
}

/**
 * Rows of an event as CSV, read as fast as the client takes them: `admin` those of all interfaces, `sell` of its own.
 * @throws AppError not_found
 */
export async function streamCsv(
  ctx: Context,
  resource: ExportResource,
  event_id: number,
  { status = null }: { status?: readonly string[] | null | undefined } = {},
): Promise<Readable> {
  await loadEvent(ctx, event_id);
  return Readable.from(pieces(), { objectMode: false, highWaterMark: 65_536 }); // as objects, sixteen pieces would wait

  async function* pieces(): AsyncGenerator<string> {
    const { columns, first } = SOURCES[resource];
    const filter = {
      ...{ company_id: ctx.company_id, event_id, from: null, to: null, status },
      interface_id: scopeOf(ctx),
    };
    let after = first;
    for (let before = 0; ; before += AT_ONCE) {
      const rows = await readRows(ctx.system.db.query, resource, filter, after, AT_ONCE);
      if (rows.length || !before) yield csvRows(rows, { columns, before });
      if (rows.length < AT_ONCE) return;
      after = String(rows.at(-1)?.id);
    }
  }
}
