import { Readable } from 'node:stream';
import { stringify } from 'csv-stringify/sync';
import type { z } from 'zod';
import type { Context } from '../../context.ts';
import { type Database, statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { notFound } from '../../errors.ts';
import type { Page, PageRequest } from '../../routing/answers.ts';
import type { CodeRecord } from '../../schemas/codes.ts';
import { loadEvent } from '../events/row.ts';

export type CodeRecordView = z.output<typeof CodeRecord>;

export interface CodeFilter {
  q?: string | undefined;
  label?: string | undefined;
  kind?: string | undefined;
  active?: boolean | undefined;
  used?: boolean | undefined;
}

const COLUMNS = `d.id, d.event_id, d.code, d.label, d.kind, d.value, d.ticket_type_ids, d.max_uses, d.max_uses_per_user,
  d.held, d.used, d.stackable, d.starts_at, d.ends_at, d.active, d.created_at, d.updated_at`;
const MATCHING = `FROM code d WHERE d.company_id = $1 AND d.event_id = $2
  AND ($3::text IS NULL OR starts_with(upper(d.code), upper($3))) AND ($4::text IS NULL OR d.label = $4)
  AND ($5::code_kind IS NULL OR d.kind = $5) AND ($6::boolean IS NULL OR d.active = $6)
  AND ($7::boolean IS NULL OR $7 = (d.used > 0))`;
const LIST = statement('code_list', `SELECT ${COLUMNS} ${MATCHING} ORDER BY d.id LIMIT $8 OFFSET $9`);
const COUNT = statement('code_count', `SELECT count(*)::int AS total ${MATCHING}`);
const CHUNK = statement('code_chunk', `SELECT ${COLUMNS} ${MATCHING} AND d.id > $8 ORDER BY d.id LIMIT 5000`);
const ONE = statement(
  'code_record',
  `SELECT ${COLUMNS} FROM code d WHERE d.company_id = $1 AND d.event_id = $2 AND d.id = $3`,
);

const valuesOf = (ctx: Context, event_id: number, { q, label, kind, active, used }: CodeFilter) => [
  ...[ctx.company_id, event_id, q ?? null, label ?? null],
  ...[kind ?? null, active ?? null, used ?? null],
];

/**
 * A code of an event with its counters.
 * @throws AppError not_found
 */
export async function codeRecord(
  ctx: Context,
  event_id: number,
  id: number,
  reader: Tx | Database = ctx.system.db,
): Promise<CodeRecordView> {
  const [row] = await (reader as Tx).query<CodeRecordView>(ONE, [ctx.company_id, event_id, id]);
  if (!row) throw notFound('Code');
  return row;
}

/**
 * The codes of an event, oldest first, a page at a time.
 * @throws AppError not_found
 */
export async function listCodes(
  ctx: Context,
  event_id: number,
  filter: CodeFilter,
  page: PageRequest,
): Promise<Page<CodeRecordView>> {
  await loadEvent(ctx, event_id);
  const values = valuesOf(ctx, event_id, filter);
  const { db } = ctx.system;
  const [count] = await db.query<{ total: number }>(COUNT, values);
  const items = await db.query<CodeRecordView>(LIST, [...values, page.limit, page.offset]);
  return { items, total: count?.total ?? 0 };
}

const FIELDS = [
  ...(['id', 'code', 'label', 'kind', 'value', 'max_uses', 'max_uses_per_user', 'held', 'used'] as const),
  ...(['stackable', 'active', 'starts_at', 'ends_at', 'created_at'] as const),
];

/**
 * The codes of an event as CSV, read as fast as the reader takes them: no more than a few thousand are in memory.
 * @throws AppError not_found
 */
export async function codesCsv(ctx: Context, event_id: number, filter: CodeFilter): Promise<Readable> {
  await loadEvent(ctx, event_id);
  return Readable.from(chunksOf(ctx, valuesOf(ctx, event_id, filter)));
}

async function* chunksOf(ctx: Context, values: unknown[]): AsyncGenerator<string> {
  yield `${FIELDS.join(',')}\r\n`;
  for (let after = 0; ; ) {
    const rows = await ctx.system.db.query<CodeRecordView>(CHUNK, [...values, after]);
    if (!rows.length) return;
    yield stringify(
      rows.map((row) => FIELDS.map((field) => row[field])),
      {
        record_delimiter: 'windows',
        escape_formulas: true,
        cast: { boolean: String, date: (date) => date.toISOString() },
      },
    );
    after = rows.at(-1)?.id as number;
  }
}
