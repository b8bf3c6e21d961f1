import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';

// Places of plan settings: held while a purchase waits for its payment, sold while a subscription lives. They are
// counted for all settings; those without a capacity never run out. Their rows are locked last, after the seats.

const LOCK = statement(
  'plan_setting_lock_places',
  'SELECT id FROM plan_setting WHERE company_id = $1 AND id = ANY($2::int[]) ORDER BY id FOR UPDATE',
);
const MOVE = statement(
  'plan_setting_move',
  `UPDATE plan_setting s SET held = s.held + m.held, sold = s.sold + m.sold
   FROM (SELECT id, sum(held)::int AS held, sum(sold)::int AS sold
         FROM unnest($2::int[], $3::int[], $4::int[]) AS r (id, held, sold) GROUP BY id) AS m
   WHERE s.company_id = $1 AND s.id = m.id
     AND (m.held + m.sold <= 0 OR s.capacity IS NULL OR s.held + s.sold + m.held + m.sold <= s.capacity)
   RETURNING s.id`,
);

/** What changes of the places of one setting. */
export interface PlaceMove {
  plan_setting_id: number;
  held: number;
  sold: number;
}

/**
 * Moves places of plan settings, in the order of their ids.
 * @returns the settings that have not enough left; nothing was moved of those
 */
export async function movePlaces(tx: Tx, company_id: number, moves: readonly PlaceMove[]): Promise<number[]> {
  if (!moves.length) return [];
  const ids = moves.map((move) => move.plan_setting_id);
  const asked = new Set(ids);
  if (asked.size > 1) await tx.query(LOCK, [company_id, [...asked]]);
  const moved = await tx.query<{ id: number }>(MOVE, [
    company_id,
    ids,
    moves.map((move) => move.held),
    moves.map((move) => move.sold),
  ]);
  for (const { id } of moved) asked.delete(id);
  return [...asked];
}
