import type { z } from 'zod';
import { type Statement, statement } from '../../../db/client.ts';
import type { Tx } from '../../../db/transaction.ts';
import type { FieldFault } from '../../../errors.ts';
import type { Limited } from '../../inventory/limits.ts';
import type { EventRecord } from '../lock.ts';

/** What hangs on an event and is written by its organiser. */
export interface Thing {
  company_id: number;
  event_id: number;
  id: number;
  name: string;
  updated_at: Date;
}

/** A kind of such things, as data: what ticket types, products and gates do not have in common. */
export interface Kind<Row extends Thing, New extends object> {
  /** Its table; also the subject of audit entries, and the key in answers. */
  table: 'ticket_type' | 'product' | 'gate';
  /** For people. */
  title: string;
  /** The array of a bulk request. */
  plural: string;
  schema: z.ZodType<New>;
  /** What an organiser may write of it, the limit apart. */
  columns: readonly string[];
  /** What a new one has where nothing is said. */
  defaults: Readonly<Record<string, unknown>>;
  /** Has it a limit of its own? */
  limited: Limited | null;
  /** Faults that only its event shows. */
  faults(tx: Tx, event: EventRecord, row: Row): Promise<FieldFault[]>;
  /** @throws AppError conflict when something would break without it */
  requireRemovable(tx: Tx, row: Row): Promise<void>;
}

export interface KindStatements {
  insert: Statement;
  lock: Statement;
  read: Statement;
  update: Statement;
  remove: Statement;
}

/** The statements of a kind, made once. */
export function statementsOf({ table, columns, limited }: Kind<never, never>): KindStatements {
  const written = columns.map((name) => `"${name}"`).join(', '); // a name may be a word of SQL
  const all = limited ? `${written}, "capacity"` : written;
  const of = (list: string) => list.replaceAll(/"\w+"/g, 'r.$&');
  const one = 'company_id = $1 AND event_id = $2 AND id = $3';
  return {
    insert: statement(
      `${table}_add`,
      `INSERT INTO ${table} (company_id, event_id, ${all})
       SELECT $1, $2, ${of(all)} FROM jsonb_populate_record(NULL::${table}, $3::jsonb) AS r RETURNING *`,
    ),
    lock: statement(`${table}_lock_one`, `SELECT * FROM ${table} WHERE ${one} FOR UPDATE`),
    read: statement(`${table}_read_one`, `SELECT * FROM ${table} WHERE ${one}`),
    update: statement(
      `${table}_change`,
      `UPDATE ${table} t SET (${written}) = ROW (${of(written)}),
         updated_at = greatest(now(), t.updated_at + interval '1 millisecond')
       FROM ${table} AS b, jsonb_populate_record(b, $4::jsonb) AS r
       WHERE b.company_id = $1 AND b.event_id = $2 AND b.id = $3 AND t.company_id = b.company_id AND t.id = b.id
       RETURNING t.*`,
    ),
    remove: statement(`${table}_remove`, `DELETE FROM ${table} WHERE ${one}`),
  };
}
