import type { Tx } from '../../src/db/transaction.ts';
import { countries, currencies, documentTypes, states } from './reference.ts';
import { insertRows } from './rows.ts';

/** Brings the catalogues that all companies share up to date; rows that are right already are not written. */
export async function writeReference(tx: Tx): Promise<void> {
  await upsert(tx, 'country', 'id', countries());
  await upsert(tx, 'state', 'id', states());
  await upsert(tx, 'currency', 'code', currencies());
  await upsert(tx, 'document_type', 'code', documentTypes);
}

async function upsert(tx: Tx, table: string, key: string, rows: readonly object[]): Promise<void> {
  const columns = Object.keys(rows[0] as object).filter((name) => name !== key);
  const list = (of: string) => `(${columns.map((name) => `${of}."${name}"`)})`;
  await insertRows(
    tx,
    table,
    rows as Record<string, unknown>[],
    `ON CONFLICT (${key}) DO UPDATE SET ${columns.map((name) => `"${name}" = excluded."${name}"`)}
     WHERE ${list(table)} IS DISTINCT FROM ${list('excluded')}`,
  );
}
