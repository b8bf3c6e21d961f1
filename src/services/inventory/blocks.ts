import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { AppError, fieldError, notFound } from '../../errors.ts';

// Whoever makes, changes or releases a block holds the lock of its event's row first: the blocks of an event change one
// after the other. Then come the locks of the stock itself, in the order of all: section, seats by id, block.

export interface BlockRow {
  company_id: number;
  id: number;
  event_id: number;
  kind: 'kill' | 'house' | 'hold' | 'allotment' | 'renewal';
  name: string;
  note: string | null;
  section_id: number | null;
  section_ids: number[];
  quantity: number | null;
  taken: number;
  interface_id: number | null;
  code_id: number | null;
  plan_setting_id: number | null;
  parent_id: number | null;
  overflow: boolean;
  release_at: Date | null;
  released_at: Date | null;
  created_at: Date;
  updated_at: Date;
}

const LOCK_EVENT = statement(
  'block_lock_event',
  'UPDATE event SET version = version + 1 WHERE company_id = $1 AND id = $2 RETURNING status',
);

/**
 * Locks the blocks of an event, for one of them is to change; what the event offers is read anew.
 * @throws AppError not_found; conflict for a draft, which has no stock yet
 */
export async function lockBlocks(tx: Tx, company_id: number, event_id: number): Promise<void> {
  const [event] = await tx.query<{ status: string }>(LOCK_EVENT, [company_id, event_id]);
  if (!event) throw notFound('Event');
  if (event.status === 'draft')
    throw new AppError('conflict', 'A draft has no stock yet: publish the event first.', {
      event_status: 'draft',
    });
}

const LOCK_SECTION = statement(
  'block_lock_section',
  `SELECT s.capacity - s.held - s.sold - s.blocked AS free, x.kind FROM event_section s
   JOIN section x ON x.company_id = s.company_id AND x.id = s.section_id
   WHERE s.company_id = $1 AND s.event_id = $2 AND s.section_id = $3 FOR UPDATE OF s`,
);
const BLOCK_SECTION = statement(
  'block_section',
  `UPDATE event_section SET blocked = blocked + $4, version = pg_current_xact_id()::text::bigint
   WHERE company_id = $1 AND event_id = $2 AND section_id = $3 AND held + sold + blocked + $4 <= capacity`,
);
const MOVE_QUANTITY = statement(
  'block_move_quantity',
  `UPDATE block SET quantity = quantity + $3 WHERE company_id = $1 AND id = $2 AND released_at IS NULL
     AND quantity + $3 >= taken`,
);
const LEFT_IN = statement(
  'block_left_in',
  'SELECT quantity - taken AS free FROM block WHERE company_id = $1 AND id = $2',
);

type Places = Pick<BlockRow, 'company_id' | 'event_id' | 'parent_id'> & { section_id: number };

/**
 * Takes places of general admission out of sale, or out of the block around; a negative number puts them back there.
 * @throws AppError sold_out with what is left; validation_failed for a section that is none of the event's
 */
export async function movePlaces(tx: Tx, places: Places, quantity: number): Promise<void> {
  const { company_id, event_id, parent_id, section_id } = places;
  const [section] = await tx.query<{ free: number; kind: string }>(LOCK_SECTION, [
    company_id,
    event_id,
    section_id,
  ]);
  if (section?.kind !== 'general')
    throw fieldError('/section_id', 'No section of general admission of this event.', 'not_found');
  if (parent_id !== null) {
    if (await tx.execute(MOVE_QUANTITY, [company_id, parent_id, -quantity])) return;
    const [parent] = await tx.query<{ free: number }>(LEFT_IN, [company_id, parent_id]);
    throw tooFew(parent?.free ?? 0, section_id);
  }
  if (!(await tx.execute(BLOCK_SECTION, [company_id, event_id, section_id, quantity])))
    throw tooFew(section.free, section_id);
}

const tooFew = (available: number, section_id: number) =>
  new AppError('sold_out', `Only ${Math.max(0, available)} places are left to block.`, {
    available: Math.max(0, available),
    section_id,
  });

const TAKE_SEATS = statement(
  'block_take_seats',
  `UPDATE event_seat s SET status = 'blocked', block_id = $5, cart_id = NULL, hold_expires_at = NULL,
     version = pg_current_xact_id()::text::bigint
   FROM (SELECT seat_id FROM event_seat
         WHERE company_id = $1 AND event_id = $2 AND seat_id = ANY($3::int[]) AND block_id IS NOT DISTINCT FROM $4
           AND (status IN ('available', 'blocked') OR (status = 'held' AND hold_expires_at <= now()))
         ORDER BY seat_id FOR UPDATE) AS mine
   WHERE s.company_id = $1 AND s.event_id = $2 AND s.seat_id = mine.seat_id
   RETURNING s.seat_id, s.section_id`,
);
const KNOWN_SEATS = statement(
  'block_known_seats',
  'SELECT seat_id FROM event_seat WHERE company_id = $1 AND event_id = $2 AND seat_id = ANY($3::int[])',
);

/**
 * Gives seats that are free, or free within the block around, to a block.
 * @returns their sections
 * @throws AppError seats_unavailable naming what is sold, held or blocked; validation_failed naming what the event has not
 */
export async function takeSeats(
  tx: Tx,
  { company_id, event_id, parent_id, id }: Pick<BlockRow, 'company_id' | 'event_id' | 'parent_id' | 'id'>,
  seat_ids: readonly number[],
): Promise<number[]> {
  const of = [company_id, event_id, seat_ids];
  const taken = await tx.query<{ seat_id: number; section_id: number }>(TAKE_SEATS, [...of, parent_id, id]);
  if (taken.length !== seat_ids.length) {
    const known = new Set((await tx.query<{ seat_id: number }>(KNOWN_SEATS, of)).map((row) => row.seat_id));
    const errors = seat_ids.flatMap((seat, i) =>
      known.has(seat)
        ? []
        : [{ pointer: `/seat_ids/${i}`, code: 'not_found', message: `The event has no seat ${seat}.` }],
    );
    if (errors.length)
      throw new AppError('validation_failed', 'Some seats are not of this event.', { errors });
    const mine = new Set(taken.map((row) => row.seat_id));
    throw new AppError('seats_unavailable', 'Some of these seats are not free; nothing was blocked.', {
      unavailable_seat_ids: seat_ids.filter((seat) => !mine.has(seat)).sort((a, b) => a - b),
    });
  }
  return [...new Set(taken.map((row) => row.section_id))].sort((a, b) => a - b);
}

const FIND = statement(
  'block_find',
  'SELECT * FROM block WHERE company_id = $1 AND event_id = $2 AND id = $3',
);

/**
 * A block of an event, as it stands under the lock of the event's blocks.
 * @throws AppError not_found
 */
export async function blockOf(tx: Tx, company_id: number, event_id: number, id: number): Promise<BlockRow> {
  const [block] = await tx.query<BlockRow>(FIND, [company_id, event_id, id]);
  if (!block) throw notFound('Block');
  return block;
}
