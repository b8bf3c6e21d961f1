import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { AppError } from '../../errors.ts';
import { type BlockRow, movePlaces } from './blocks.ts';
import { releaseBlock } from './release.ts';

// Places of an event that are kept for those who had the season before, as blocks of the kind `renewal`: one a plan
// setting for chosen seats, and one for each section of general admission. Their time is the deadline of the setting;
// then they are released like any other block. Callers hold the lock of the event's blocks.

const LIVE = statement(
  'kept_blocks',
  `SELECT * FROM block WHERE company_id = $1 AND event_id = $2 AND plan_setting_id = $3 AND kind = 'renewal'
     AND released_at IS NULL ORDER BY id`,
);
const INSERT = statement(
  'kept_insert',
  `INSERT INTO block (company_id, event_id, kind, name, plan_setting_id, section_id, section_ids, quantity, overflow,
     release_at)
   VALUES ($1, $2, 'renewal', $3, $4, $5, $6, $7, true, $8) RETURNING *`,
);
const SET = statement(
  'kept_set',
  `UPDATE block SET release_at = $3, section_ids = $4, quantity = $5,
     updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND id = $2`,
);
const TAKE = statement(
  'kept_take_seats',
  `UPDATE event_seat s SET status = 'blocked', block_id = $4, cart_id = NULL, hold_expires_at = NULL,
     version = pg_current_xact_id()::text::bigint
   FROM (SELECT seat_id FROM event_seat
         WHERE company_id = $1 AND event_id = $2 AND seat_id = ANY($3::int[]) AND block_id IS NULL
           AND (status = 'available' OR (status = 'held' AND hold_expires_at <= now()))
         ORDER BY seat_id FOR UPDATE) AS free
   WHERE s.company_id = $1 AND s.event_id = $2 AND s.seat_id = free.seat_id`,
);
// Those that a renewal holds or has bought are its own; they come back here only to be let go by the next round.
const LET_GO = statement(
  'kept_let_go',
  `UPDATE event_seat s SET status = 'available', block_id = NULL, version = pg_current_xact_id()::text::bigint
   FROM (SELECT seat_id FROM event_seat
         WHERE company_id = $1 AND event_id = $2 AND block_id = $3 AND status = 'blocked'
           AND seat_id <> ALL($4::int[])
         ORDER BY seat_id FOR UPDATE) AS gone
   WHERE s.company_id = $1 AND s.event_id = $2 AND s.seat_id = gone.seat_id`,
);
const KEPT = statement(
  'kept_seats',
  `SELECT seat_id, section_id FROM event_seat WHERE company_id = $1 AND event_id = $2 AND block_id = $3
   ORDER BY seat_id`,
);

const LOCK_SECTIONS = statement(
  'kept_lock_sections',
  `SELECT section_id FROM event_section WHERE company_id = $1 AND event_id = $2 AND section_id = ANY($3::int[])
   ORDER BY section_id FOR UPDATE`,
);

/**
 * Locks sections of general admission, before it is asked who has a place there.
 * @returns those that the event has
 */
export async function lockSections(
  tx: Tx,
  { company_id, event_id }: Pick<Keeper, 'company_id' | 'event_id'>,
  section_ids: readonly number[],
): Promise<number[]> {
  const rows = await tx.query<{ section_id: number }>(LOCK_SECTIONS, [company_id, event_id, section_ids]);
  return rows.map((row) => row.section_id);
}

/** What is kept at one event by one plan setting. */
export interface Keeper {
  company_id: number;
  event_id: number;
  plan_setting_id: number;
  name: string;
  /** Until when. */
  deadline: Date;
}

const liveBlocks = (tx: Tx, keeper: Pick<Keeper, 'company_id' | 'event_id' | 'plan_setting_id'>) =>
  tx.query<BlockRow>(LIVE, [keeper.company_id, keeper.event_id, keeper.plan_setting_id]);

/** Lets go of all that is kept: it is on sale. */
export async function letGoOfAll(
  tx: Tx,
  keeper: Pick<Keeper, 'company_id' | 'event_id' | 'plan_setting_id'>,
): Promise<void> {
  for (const block of await liveBlocks(tx, keeper)) await releaseBlock(tx, block);
}

const insert = async (tx: Tx, keeper: Keeper, section_id: number | null): Promise<BlockRow> => {
  const { company_id, event_id, name, plan_setting_id, deadline } = keeper;
  const [row] = await tx.query<BlockRow>(INSERT, [
    ...[company_id, event_id, name, plan_setting_id, section_id, section_id === null ? [] : [section_id]],
    ...[section_id === null ? null : 0, deadline],
  ]);
  return row as BlockRow;
};

/**
 * Keeps exactly these seats, as far as they are free: no longer others, and not those that somebody else has.
 * @returns those that could not be kept
 */
export async function keepSeats(tx: Tx, keeper: Keeper, seat_ids: readonly number[]): Promise<number[]> {
  const { company_id, event_id, deadline } = keeper;
  const [known] = (await liveBlocks(tx, keeper)).filter((row) => row.section_id === null);
  if (!known && !seat_ids.length) return [];
  const { id } = known ?? (await insert(tx, keeper, null));
  await tx.execute(LET_GO, [company_id, event_id, id, seat_ids]);
  await tx.execute(TAKE, [company_id, event_id, seat_ids, id]);
  const kept = await tx.query<{ seat_id: number; section_id: number }>(KEPT, [company_id, event_id, id]);
  const sections = [...new Set(kept.map((row) => row.section_id))].sort((a, b) => a - b);
  await tx.execute(SET, [company_id, id, deadline, sections, null]);
  const mine = new Set(kept.map((row) => row.seat_id));
  return seat_ids.filter((seat) => !mine.has(seat));
}

/**
 * Keeps so many places of a section of general admission beside those that renewals took already, as far as there are.
 * @returns how many of them could not be kept
 */
export async function keepPlaces(
  tx: Tx,
  keeper: Keeper,
  section_id: number,
  quantity: number,
): Promise<number> {
  const { company_id, event_id, deadline } = keeper;
  const [known] = (await liveBlocks(tx, keeper)).filter((row) => row.section_id === section_id);
  if (!known && !quantity) return 0;
  const block = known ?? (await insert(tx, keeper, section_id));
  const more = quantity - ((block.quantity as number) - block.taken);
  const moved = await moveUpTo(tx, { company_id, event_id, parent_id: null, section_id }, more);
  await tx.execute(SET, [company_id, block.id, deadline, [section_id], (block.quantity as number) + moved]);
  return more - moved;
}

async function moveUpTo(tx: Tx, places: Parameters<typeof movePlaces>[1], more: number): Promise<number> {
  if (!more) return 0;
  try {
    await movePlaces(tx, places, more);
    return more;
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'sold_out') throw error;
    const left = Number(error.facts.available ?? 0);
    if (left > 0) await movePlaces(tx, places, left);
    return left;
  }
}
