import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';

// A price may hold until a number of tickets is sold. What counts is read from the lines themselves, those that carry a
// price_phase_id, by an index of their own: there is no counter that could drift, and other types pay nothing for it.
// Whoever sells such a type waits for the others on a lock of the type; giving tickets back needs none.

const LOCK = statement(
  'phase_lock',
  `SELECT pg_advisory_xact_lock(hashtextextended('phases ' || t.id, $1))
   FROM (SELECT DISTINCT id FROM unnest($2::int[]) AS u (id) ORDER BY id) AS t`,
);
const COUNT = statement(
  'phase_count',
  `SELECT t.id, (SELECT count(*)::int FROM sale_detail l WHERE l.company_id = $1 AND l.ticket_type_id = t.id
     AND l.price_phase_id IS NOT NULL AND (l.status IN ('held', 'paid') OR l.stock_kept)) AS counted
   FROM (SELECT DISTINCT id FROM unnest($2::int[]) AS u (id)) AS t`,
);

/**
 * How many tickets of types are held or sold, for their phases; nobody else sells them until the transaction ends. Asked
 * for nothing, it costs nothing.
 */
export async function countForPhases(
  tx: Tx,
  company_id: number,
  ticket_type_ids: readonly number[],
): Promise<Map<number, number>> {
  if (!ticket_type_ids.length) return new Map();
  const [, rows] = await Promise.all([
    tx.query(LOCK, [company_id, ticket_type_ids]),
    tx.query<{ id: number; counted: number }>(COUNT, [company_id, ticket_type_ids]),
  ]);
  return new Map(rows.map((row) => [row.id, row.counted]));
}
