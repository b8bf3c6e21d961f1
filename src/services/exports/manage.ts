import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Context } from '../../context.ts';
import { type Database, statement } from '../../db/client.ts';
import { type Tx, transaction } from '../../db/transaction.ts';
import { AppError, fieldError, notFound } from '../../errors.ts';
import type { Download } from '../../routing/answers.ts';
import type { ExportFormat, NewExport } from '../../schemas/exports.ts';
import type { Job } from '../../schemas/jobs.ts';
import { uuidv7 } from '../../uuid.ts';
import { recordAudit } from '../audit.ts';
import { startSteps } from '../jobs/steps.ts';
import { SOURCES } from './resources.ts';
import { EXPORT_COLUMNS, type ExportRow, type ExportView, presentExport } from './row.ts';
import { CHUNK_ROWS, exportSteps } from './steps.ts';
import { workbook } from './workbook.ts';
import { SHEET_ROWS } from './write.ts';

const MEDIA: Record<ExportFormat, string> = {
  csv: 'text/csv; charset=utf-8',
  json: 'application/json; charset=utf-8',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
};

const CREATE = statement(
  'export_create',
  `INSERT INTO export (company_id, id, job_id, interface_id, client_id, user_id, resource, format, filters, expires_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, now() + interval '24 hours')`,
);
const EVENT = statement(
  'export_event',
  `SELECT FROM event e WHERE e.company_id = $1 AND e.id = $2 AND ($3::int IS NULL OR EXISTS (
     SELECT FROM event_interface i
     WHERE i.company_id = e.company_id AND i.event_id = e.id AND i.interface_id = $3))`,
);
const INTERFACE = statement('export_interface', 'SELECT FROM interface WHERE company_id = $1 AND id = $2');
// Its creator, or an administrator, on the interface it was asked for.
const FIND = statement(
  'export_find',
  `SELECT ${EXPORT_COLUMNS} FROM export
   WHERE company_id = $1 AND id = $2 AND interface_id = $3 AND expires_at > now()
     AND ($4 OR (client_id = $5 AND user_id IS NOT DISTINCT FROM $6))`,
);
const CHUNK = statement(
  'export_chunk_read',
  'SELECT bytes FROM export_chunk WHERE company_id = $1 AND export_id = $2 AND position = $3',
);
const PURGE = statement(
  'export_purge',
  `WITH gone AS (DELETE FROM export WHERE expires_at < now() RETURNING company_id, id)
   DELETE FROM export_chunk c USING gone g WHERE c.company_id = g.company_id AND c.export_id = g.id`,
);

/**
 * Starts to write a file of rows. `sell` gets those of its interface; `admin` those of all, or of one.
 * @returns the job that writes it, whose result is the export
 * @throws AppError validation_failed
 */
export function createExport(ctx: Context, { resource, format, filters = {} }: NewExport): Promise<Job> {
  const { event_id = null, from = null, to = null, status = null } = filters;
  const interface_id = ctx.scopes.has('admin') ? (filters.interface_id ?? null) : ctx.interface.id;
  return transaction(ctx, async (tx) => {
    await check(tx, ctx, { resource, format, filters }, interface_id);
    const export_id = uuidv7();
    const filter = {
      ...{ company_id: ctx.company_id, interface_id, event_id, status },
      from: from?.toISOString() ?? null,
      to: to?.toISOString() ?? null,
    };
    const job = await startSteps(tx, ctx, exportSteps, {
      input: { export_id, resource, format, filter },
      total: 1,
    });
    const { company_id, client_id, user_id = null } = ctx;
    const values = [
      company_id,
      export_id,
      job.id,
      ctx.interface.id,
      client_id,
      user_id,
      resource,
      format,
      filter,
    ];
    await tx.execute(CREATE, values);
    await recordAudit(tx, ctx, {
      ...{ action: 'export.create', subject_type: 'export', subject_id: export_id },
      ...{ before: null, after: { resource, format, filter } },
    });
    return job;
  });
}

async function check(
  tx: Tx,
  ctx: Context,
  { resource, filters = {} }: NewExport,
  own: number | null,
): Promise<void> {
  const { event_id, interface_id, status = [] } = filters;
  const strange = status.findIndex((each) => !SOURCES[resource].statuses.includes(each));
  if (strange >= 0)
    throw fieldError(
      `/filters/status/${strange}`,
      `Of ${resource}, status is one of ${SOURCES[resource].statuses.join(', ')}.`,
    );
  if (interface_id !== undefined) {
    if (own !== null && own !== interface_id)
      throw fieldError('/filters/interface_id', 'Rows of other interfaces are for the scope admin.');
    if (!(await tx.query(INTERFACE, [ctx.company_id, interface_id])).length)
      throw fieldError('/filters/interface_id', 'There is no such interface.', 'unknown');
  }
  if (event_id !== undefined && !(await tx.query(EVENT, [ctx.company_id, event_id, own])).length)
    throw fieldError('/filters/event_id', 'There is no such event.', 'unknown');
}

/** @throws AppError not_found, also when it has expired */
export async function getExport(ctx: Context, id: string): Promise<ExportView> {
  const values = [
    ctx.company_id,
    id,
    ctx.interface.id,
    ctx.scopes.has('admin'),
    ctx.client_id,
    ctx.user_id ?? null,
  ];
  const [row] = await ctx.system.db.query<ExportRow>(FIND, values);
  if (!row) throw notFound('Export');
  return presentExport(row);
}

/**
 * The file of an export, as a stream: it is read as fast as the client takes it.
 * @throws AppError not_found; conflict while it is not whole
 */
export async function downloadExport(ctx: Context, id: string): Promise<Download> {
  const { resource, format, rows, finished_at, job_id } = await getExport(ctx, id);
  if (!finished_at)
    throw new AppError(
      'conflict',
      'The file is not whole yet: wait for its job.',
      { job_id },
      { 'retry-after': '1' },
    );
  const count = Math.floor(rows / CHUNK_ROWS) + 1; // a last one that is not full, or empty
  const read = (from: number, to: number) => chunks(ctx.system.db, ctx.company_id, id, from, to);
  return { media: MEDIA[format], filename: `${resource}-${id}.${format}`, body: bodyOf() };

  function bodyOf(): Readable {
    if (format !== 'xlsx')
      return Readable.from(format === 'csv' ? read(0, count) : json(resource, read(0, count)), AS_BYTES);
    const each = SHEET_ROWS / CHUNK_ROWS;
    const sheets = Math.ceil(count / each);
    return workbook(
      resource,
      Array.from({ length: sheets }, (_, i) => () => read(i * each, Math.min(count, (i + 1) * each))),
    );
  }
}

/** As objects, sixteen chunks would wait for a slow reader. */
const AS_BYTES = { objectMode: false, highWaterMark: 65_536 };

const inflate = promisify(gunzip);

async function* chunks(
  db: Database,
  company_id: number,
  id: string,
  from: number,
  to: number,
): AsyncGenerator<Buffer> {
  for (let position = from; position < to; position++) {
    const [chunk] = await db.query<{ bytes: Buffer }>(CHUNK, [company_id, id, position]);
    if (!chunk) throw new Error(`chunk ${position} of export ${id} is gone`); // expired under way: the stream breaks off
    yield await inflate(chunk.bytes);
  }
}

async function* json(resource: string, rows: AsyncIterable<Buffer>): AsyncGenerator<Buffer | string> {
  yield `{"${resource}":[\n`;
  yield* rows;
  yield '\n]}\n';
}

/** Deletes what has expired. */
export async function purgeExports(db: Database): Promise<void> {
  await db.query(PURGE);
}
