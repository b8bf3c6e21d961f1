import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';
import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { type Tx, transaction } from '../../db/transaction.ts';
import { notFound } from '../../errors.ts';
import type { Job } from '../../schemas/jobs.ts';
import { type Steps, startSteps } from '../jobs/steps.ts';
import { assertReached, lockOwner } from './owner.ts';
import { PERSONAL_TABLES, whereTheirs } from './personal-data.ts';

interface Input {
  user_id: number;
}

const PERSON = statement(
  'user_export_person',
  `SELECT CASE WHEN email_verified_at IS NOT NULL THEN email_key END AS proved FROM user_account
   WHERE company_id = $1 AND id = $2 AND erased_at IS NULL FOR SHARE`,
);
const WRITE = statement(
  'user_export_write',
  `INSERT INTO user_export (company_id, user_id, content) VALUES ($1, $2, $3)
   ON CONFLICT (company_id, user_id) DO UPDATE SET content = excluded.content, created_at = now()`,
);
const READS = PERSONAL_TABLES.map(({ table, of, secret = [] }) => ({
  table,
  read: statement(
    `export_${table}`,
    `SELECT coalesce(jsonb_agg(to_jsonb(t) - $4::text[]), '[]') AS rows
     FROM (SELECT * FROM ${table} ${whereTheirs(of)}) AS t`,
  ),
  hidden: ['company_id', ...secret],
}));

/** Everything held about a user, written into a ZIP: a file of JSON for each table that knows them. */
export const userExport: Steps<Input, never> = {
  kind: 'user_export',
  async step(tx, { ctx, input: { user_id } }) {
    const [person] = await tx.query<{ proved: string | null }>(PERSON, [ctx.company_id, user_id]);
    if (!person) throw notFound('User');
    const content = await zipOf(await everything(tx, [ctx.company_id, user_id, person.proved]), ctx.now);
    await tx.execute(WRITE, [ctx.company_id, user_id, content]);
    return { result: { export: { url: `/users/${user_id}/export`, bytes: content.length } } };
  },
};

async function everything(tx: Tx, values: readonly unknown[]): Promise<Map<string, unknown[]>> {
  const found = new Map<string, unknown[]>();
  for (const { table, read, hidden } of READS) {
    const [held] = await tx.query<{ rows: unknown[] }>(read, [...values, hidden]);
    if (held?.rows.length) found.set(table, held.rows);
  }
  return found;
}

function zipOf(tables: ReadonlyMap<string, unknown[]>, mtime: Date): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [table, rows] of tables)
    zip.addBuffer(Buffer.from(`${JSON.stringify(rows, null, 2)}\n`), `${table}.json`, { mtime });
  zip.end();
  return buffer(zip.outputStream);
}

/**
 * Begins to write down everything that is held about a user.
 * @returns the job, for a 202
 * @throws AppError not_found, user_required
 */
export const startUserExport = (ctx: Context, user_id: number): Promise<Job> =>
  transaction(ctx, async (tx) => {
    await lockOwner(tx, ctx, user_id);
    return startSteps(tx, ctx, userExport, { input: { user_id }, total: 1 });
  });

const READ = statement(
  'user_export_read',
  `SELECT content FROM user_export
   WHERE company_id = $1 AND user_id = $2 AND created_at > now() - interval '7 days'`,
);

/**
 * The latest export of a user, for a week.
 * @throws AppError not_found, user_required
 */
export async function getUserExport(ctx: Context, user_id: number): Promise<Buffer> {
  await assertReached(ctx, user_id);
  const [held] = await ctx.system.db.query<{ content: Buffer }>(READ, [ctx.company_id, user_id]);
  if (!held) throw notFound('Export');
  return held.content;
}
