import { statement } from '../../db/client.ts';
import { inTransaction, type Tx } from '../../db/transaction.ts';
import type { System } from '../../system.ts';
import { drawIfDue, rankNext } from './draw.ts';
import { clockOf, lockQueue, USE_OF_PLACE } from './row.ts';

interface Lane {
  company_id: number;
  event_id: number;
  interface_id: number;
  inflow: number;
  max_inside: number | null;
  pass_seconds: number;
  tokens: number;
  refilled_at: Date;
  ranked: number;
  ranked_all: boolean;
  served: number;
}

// Lanes of a gate that is shut (before the draw, paused, event not on sale) let nobody in: they are not found.
const LANE = `SELECT i.company_id, i.event_id, i.interface_id, coalesce(i.inflow, q.inflow) AS inflow,
    coalesce(i.max_inside, q.max_inside) AS max_inside, q.pass_seconds, i.tokens, i.refilled_at, i.ranked, i.ranked_all,
    i.served
  FROM queue_interface i
  JOIN queue q ON q.company_id = i.company_id AND q.event_id = i.event_id
  JOIN event e ON e.company_id = i.company_id AND e.id = i.event_id
  WHERE i.company_id = $1 AND i.event_id = $2 AND i.interface_id = $3
    AND q.drawn_at IS NOT NULL AND NOT q.paused AND e.status = 'published'
  FOR UPDATE OF i`;
const LOCK = statement('queue_lane_lock', LANE);
// Whoever has the lane right now lets in all that may be let in.
const TAKE = statement('queue_lane_take', `${LANE} SKIP LOCKED`);
const LAST_MINUTE = statement(
  'queue_last_minute',
  `SELECT coalesce(sum(admitted), 0)::int AS n FROM queue_round
   WHERE company_id = $1 AND event_id = $2 AND interface_id = $3
     AND at > $4::timestamptz - interval '1 minute'`,
);
/** SQL: how many of a lane are inside. */
const INSIDE = statement(
  'queue_inside',
  `SELECT count(*)::int AS n FROM queue_place p LEFT JOIN ${USE_OF_PLACE}
   WHERE p.company_id = $1 AND p.event_id = $2 AND p.interface_id = $3 AND p.status = 'admitted'
     AND coalesce(u.status, CASE WHEN p.pass_expires_at > now() THEN 'admitted' END) = 'admitted'`,
);
const ADMIT = statement(
  'queue_admit',
  `WITH next AS (SELECT id FROM queue_place WHERE company_id = $1 AND event_id = $2 AND interface_id = $3
       AND status = 'waiting' AND rank > $4 AND rank <= $5 ORDER BY rank LIMIT $6 FOR UPDATE)
   UPDATE queue_place p SET status = 'admitted', admitted_at = $7::timestamptz,
     pass_expires_at = $7::timestamptz + make_interval(secs => $8)
   WHERE p.company_id = $1 AND p.id = ANY(ARRAY(SELECT id FROM next)) AND p.status = 'waiting' RETURNING p.rank`,
);
const SPENT = statement(
  'queue_lane_spent',
  `UPDATE queue_interface SET tokens = $4, refilled_at = $5, served = $6
   WHERE company_id = $1 AND event_id = $2 AND interface_id = $3`,
);
const ROUND = statement(
  'queue_round_insert',
  `INSERT INTO queue_round (company_id, event_id, interface_id, at, inflow, admitted) VALUES ($1, $2, $3, $4, $5, $6)`,
);

const MAX_RANK = 2_147_483_647;

/** Passes that a lane saves up while nobody waits: those of ten seconds. */
const burstOf = (inflow: number): number => Math.ceil(inflow / 6);

/**
 * Lets the next of a lane in: as many as its inflow allows. A token bucket by the database's clock makes them come
 * evenly; that no minute sees more than the inflow is counted besides, also when the inflow has just been changed.
 * @param wait false: somebody else may be at it
 * @returns whether lots are left to be ranked
 */
export async function admitNext(
  tx: Tx,
  company_id: number,
  event_id: number,
  interface_id: number,
  wait = true,
): Promise<boolean> {
  const key = [company_id, event_id, interface_id];
  const [lane] = await tx.query<Lane>(wait ? LOCK : TAKE, key);
  if (!lane) return false;
  const ranks = lane.ranked_all ? { ranked: MAX_RANK, all: true } : await rankNext(tx, lane);
  const at = await clockOf(tx);
  const minutes = Math.max(0, at.getTime() - lane.refilled_at.getTime()) / 60_000;
  const tokens = Math.min(burstOf(lane.inflow), lane.tokens + lane.inflow * minutes);
  const room = Math.min(Math.floor(tokens), await roomLeft(tx, lane, at));
  if (room < 1) return !ranks.all;
  const last = ranks.all ? MAX_RANK : ranks.ranked; // who came later must not overtake lots that have no rank yet
  const values = [...key, lane.served, last, room, at, lane.pass_seconds];
  const admitted = (await tx.query<{ rank: number }>(ADMIT, values)).map(({ rank }) => rank);
  if (admitted.length) {
    await tx.execute(SPENT, [...key, tokens - admitted.length, at, Math.max(...admitted)]);
    await tx.execute(ROUND, [...key, at, lane.inflow, admitted.length]);
  }
  return !ranks.all;
}

async function roomLeft(tx: Tx, lane: Lane, at: Date): Promise<number> {
  const key = [lane.company_id, lane.event_id, lane.interface_id];
  const [minute] = await tx.query<{ n: number }>(LAST_MINUTE, [...key, at]);
  const left = lane.inflow - (minute?.n ?? 0);
  if (lane.max_inside === null) return left;
  const [inside] = await tx.query<{ n: number }>(INSIDE, key);
  return Math.min(left, lane.max_inside - (inside?.n ?? 0));
}

const DUE = statement(
  'queue_draw_due',
  `SELECT event_id FROM queue WHERE company_id = $1 AND event_id = $2 AND drawn_at IS NULL AND starts_at <= now()`,
);
const LANES = statement(
  'queue_lanes',
  'SELECT interface_id FROM queue_interface WHERE company_id = $1 AND event_id = $2 ORDER BY interface_id',
);

/**
 * One round of a gate: the draw if it is due, then whoever may be let in, lane by lane, each in a transaction of its own.
 * Any number of processes may do it at once, and any of them may die in the middle of it.
 * @returns whether there is more to do at once
 */
export async function runRound(system: System, company_id: number, event_id: number): Promise<boolean> {
  const { db } = system;
  if ((await db.query(DUE, [company_id, event_id])).length)
    await inTransaction(db, async (tx) => {
      const queue = await lockQueue(tx, company_id, event_id);
      if (queue) await drawIfDue(tx, company_id, queue);
    });
  let more = false;
  for (const { interface_id } of await db.query<{ interface_id: number }>(LANES, [company_id, event_id])) {
    const left = await inTransaction(db, (tx) => admitNext(tx, company_id, event_id, interface_id, false));
    more ||= left;
  }
  return more;
}
