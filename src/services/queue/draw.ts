import { createHash, randomBytes } from 'node:crypto';
import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { tellOfEvent } from '../events/manage/touch.ts';
import { clockOf, type QueueRow } from './row.ts';

// Commit and reveal. The seed is drawn when the gate is set up and its hash is published then; ids of places are made
// afterwards, by this server. The draw of a place is SHA-256 of `<seed>:<id>`, and those who came before the start are
// ranked by it. When the seed is published after the draw, anybody can check the hash, and each place its draw.

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/** A seed that nobody can guess. */
export const newSeed = (): string => randomBytes(32).toString('hex');

/** What is told of a seed before the draw. */
export const seedHash = (seed: string): string => sha256(seed).toString('hex');

/** The lot of a place: those who came before the start are ranked by it. */
export const drawOf = (seed: string, place_id: string): Buffer => sha256(`${seed}:${place_id}`);

const DRAW = statement(
  'queue_draw',
  'UPDATE queue SET drawn_at = $3 WHERE company_id = $1 AND event_id = $2 AND drawn_at IS NULL',
);
const COUNT = statement(
  'queue_draw_count',
  `UPDATE queue_interface i SET ranked = 0, ranked_all = false, tail = (SELECT count(*) FROM queue_place p
     WHERE p.company_id = i.company_id AND p.event_id = i.event_id AND p.interface_id = i.interface_id
       AND p.status = 'waiting' AND p.rank IS NULL)
   WHERE i.company_id = $1 AND i.event_id = $2`,
);

/**
 * Holds the draw if its time has come and nobody has yet: from now on who comes queues at the end. The ranks are written
 * afterwards, some thousands at a time (`rankNext`), so that nobody waits while a million lots are sorted.
 * @param queue locked by the caller; marked as drawn
 * @returns the moment of the database's clock that it went by
 */
export async function drawIfDue(tx: Tx, company_id: number, queue: QueueRow): Promise<Date> {
  const at = await clockOf(tx);
  if (queue.drawn_at || at < queue.starts_at) return at;
  await tx.execute(DRAW, [company_id, queue.event_id, at]);
  await tx.execute(COUNT, [company_id, queue.event_id]);
  await tellOfEvent(tx, { company_id }, queue.event_id, { queue: 'drawn', seed: queue.seed });
  queue.drawn_at = at;
  return at;
}

/** Lots that one transaction ranks. */
export const RANKED_AT_ONCE = 5_000;

const LOTS = statement(
  'queue_lots',
  `SELECT id, encode(draw, 'hex') AS draw FROM queue_place WHERE company_id = $1 AND event_id = $2 AND interface_id = $3
     AND status = 'waiting' AND rank IS NULL ORDER BY draw, id LIMIT $4`,
);
// Thousands of rows meet thousands: a hash is better here than going by key (db/client.ts). Lots up to the last of
// these, and no others, are looked at.
const BY_HASH = statement('queue_rank_hash', 'SET LOCAL enable_hashjoin = on');
const BY_KEY = statement('queue_rank_key', 'SET LOCAL enable_hashjoin = off');
const RANK = statement(
  'queue_rank',
  `UPDATE queue_place p SET rank = $6 + lot.n FROM unnest($4::uuid[]) WITH ORDINALITY AS lot (id, n)
   WHERE p.company_id = $1 AND p.event_id = $2 AND p.interface_id = $3 AND p.status = 'waiting' AND p.rank IS NULL
     AND p.draw <= decode($5, 'hex') AND p.id = lot.id`,
);
const RANKED = statement(
  'queue_ranked',
  `UPDATE queue_interface SET ranked = ranked + $4, ranked_all = $5
   WHERE company_id = $1 AND event_id = $2 AND interface_id = $3`,
);

/**
 * Ranks the next lots of a lane, lowest first. The caller holds the lane's lock.
 * @returns how many, and whether that was all
 */
export async function rankNext(
  tx: Tx,
  lane: { company_id: number; event_id: number; interface_id: number; ranked: number },
): Promise<{ ranked: number; all: boolean }> {
  const { company_id, event_id, interface_id, ranked } = lane;
  const key = [company_id, event_id, interface_id];
  const lots = await tx.query<{ id: string; draw: string }>(LOTS, [...key, RANKED_AT_ONCE]);
  const n = lots.length;
  const all = n < RANKED_AT_ONCE;
  if (n) {
    await tx.execute(BY_HASH);
    await tx.execute(RANK, [...key, lots.map(({ id }) => id), lots.at(-1)?.draw, ranked]);
    await tx.execute(BY_KEY);
  }
  await tx.execute(RANKED, [...key, n, all]);
  return { ranked: ranked + n, all };
}
