import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { statement } from '../../db/client.ts';
import type { ExportFormat, ExportResource } from '../../schemas/exports.ts';
import type { Steps } from '../jobs/steps.ts';
import { type RowFilter, readRows, SOURCES } from './resources.ts';
import { EXPORT_COLUMNS, type ExportRow, presentExport } from './row.ts';
import { csvRows, jsonRows, sheetRows, type WriteRows } from './write.ts';

/** Rows a step, and a chunk: few enough to be forgotten at once, without the heap growing. A sheet's rows are a multiple of it. */
export const CHUNK_ROWS = 1_000;

const WRITERS: Record<ExportFormat, WriteRows> = { csv: csvRows, json: jsonRows, xlsx: sheetRows };

export interface ExportInput {
  export_id: string;
  resource: ExportResource;
  format: ExportFormat;
  filter: Omit<RowFilter, 'from' | 'to'> & { from: string | null; to: string | null };
}

interface Cursor {
  after: string;
  position: number;
  rows: number;
}

const CHUNK = statement(
  'export_chunk_add',
  'INSERT INTO export_chunk (company_id, export_id, position, bytes) VALUES ($1, $2, $3, $4)',
);
const MOVE = statement(
  'export_move',
  `UPDATE export SET rows = $3, size = size + $4, finished_at = CASE WHEN $5 THEN now() END
   WHERE company_id = $1 AND id = $2 RETURNING ${EXPORT_COLUMNS}`,
);
const COUNT = statement(
  'export_estimate',
  `SELECT greatest(reltuples, 0)::bigint AS n FROM pg_class WHERE oid = $1::regclass`,
);
const TABLES = { sales: 'sale_detail', attendees: 'ticket', ledger: 'ledger_entry', codes: 'code' } as const;

const compress = promisify(gzip);

/** Writes an export, a chunk a step. */
export const exportSteps: Steps<ExportInput, Cursor> = {
  kind: 'export',
  async step(tx, { ctx, input, cursor, total }) {
    const { export_id, resource, format, filter } = input;
    const { company_id } = ctx;
    const source = SOURCES[resource];
    const { after, position, rows: before } = cursor ?? { after: source.first, position: 0, rows: 0 };
    const rows = await readRows(tx.query, resource, datesOf(filter), after, CHUNK_ROWS);
    const text = WRITERS[format](rows, { columns: source.columns, before });
    const bytes = await compress(text, { level: 1 });
    await tx.execute(CHUNK, [company_id, export_id, position, bytes]);
    const done = before + rows.length;
    const last = rows.length < CHUNK_ROWS;
    const values = [company_id, export_id, done, bytes.length, last];
    const [row] = await tx.query<ExportRow>(MOVE, values);
    if (last) return { result: { export: presentExport(row as ExportRow) } };
    // How many there will be is known roughly: what the planner believes of the table, and never less than what is done.
    const [estimate] = cursor ? [] : await tx.query<{ n: number }>(COUNT, [TABLES[resource]]);
    const most = Math.max(estimate?.n ?? total, done + 1);
    const key = String(rows.at(-1)?.id);
    return { done, total: most, cursor: { after: key, position: position + 1, rows: done } };
  },
};

const datesOf = ({ from, to, ...filter }: ExportInput['filter']): RowFilter => ({
  ...filter,
  from: from === null ? null : new Date(from),
  to: to === null ? null : new Date(to),
});
