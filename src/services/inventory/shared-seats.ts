import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import type { System } from '../../system.ts';
import type { Wanted } from '../carts/wanted.ts';
import { isFor } from './allotments.ts';

/** What blocks say of the seats of an event to one asker. */
export interface SharedSeats {
  /** Seats that are kept for them and that nobody holds. */
  own: ReadonlySet<number>;
  /** Sections where they may have no others. */
  only: ReadonlySet<number>;
}

const CODES = statement(
  'shared_seats_codes',
  "SELECT code_id FROM cart_code WHERE company_id = $1 AND cart_id = $2 AND status = 'held'",
);
const SEATS = statement(
  'shared_seats',
  `SELECT seat_id FROM event_seat WHERE company_id = $1 AND event_id = $2 AND block_id = ANY($3::int[])
     AND (status = 'blocked' OR (status = 'held' AND hold_expires_at <= now()))`,
);

/** The seats that are kept for whom a cart is, for best available to pick from; undefined where no block is about them. */
export async function sharedSeats(
  { db }: System,
  { ctx, cart_id }: { ctx: Context; cart_id: string },
  { offer }: Pick<Wanted, 'offer'>,
): Promise<SharedSeats | undefined> {
  const allotments = [...offer.blocks.values()].filter((block) => block.kind === 'allotment');
  if (!allotments.length) return undefined;
  const codes = allotments.some((block) => block.code_id !== null)
    ? await db.query<{ code_id: number }>(CODES, [ctx.company_id, cart_id])
    : [];
  const asker = { interface_id: ctx.interface.id, code_ids: codes.map((row) => row.code_id), now: ctx.now };
  const own = allotments.filter((block) => isFor(block, asker));
  if (!own.length) return undefined;
  const seats = await db.query<{ seat_id: number }>(SEATS, [
    ctx.company_id,
    offer.event_id,
    own.map((block) => block.id),
  ]);
  return {
    own: new Set(seats.map((row) => row.seat_id)),
    only: new Set(own.flatMap((block) => (block.overflow ? [] : block.section_ids))),
  };
}
