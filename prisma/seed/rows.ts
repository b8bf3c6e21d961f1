import { createHash } from 'node:crypto';
import { statement } from '../../src/db/client.ts';
import type { Tx } from '../../src/db/transaction.ts';

type Row = Record<string, unknown>;

/**
 * Inserts rows of one table with one statement; all of them name the columns that the first one names.
 * @param conflict what to do where a row exists already, for instance `ON CONFLICT (id) DO NOTHING`
 * @returns the rows as they were written, in no particular order
 */
export async function insertRows<Written extends Row = Row & { id: number }>(
  tx: Tx,
  table: string,
  rows: readonly Row[],
  conflict = '',
): Promise<Written[]> {
  const [first] = rows;
  if (!first) return [];
  const columns = Object.keys(first).map((name) => `"${name}"`);
  const sql = `INSERT INTO ${table} (${columns})
    SELECT ${columns} FROM jsonb_populate_recordset(NULL::${table}, $1::jsonb) ${conflict} RETURNING *`;
  const name = `seed_${createHash('sha256').update(sql).digest('hex').slice(0, 16)}`;
  return tx.query<Written>(statement(name, sql), [JSON.stringify(rows)]);
}

/** Inserts one row and gives it back as it was written. */
export async function insertRow(tx: Tx, table: string, row: Row): Promise<Row & { id: number }> {
  const [written] = await insertRows(tx, table, [row]);
  if (!written) throw new Error(`nothing was inserted into ${table}`);
  return written;
}
