import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { AppError } from '../../errors.ts';
import { moveCounters } from './counters.ts';
import { lockStock } from './locks.ts';
import { returnLines } from './return.ts';
import { sellLines } from './sell.ts';
import { type StockLine, seatsOf, stockOfLines } from './stock.ts';

const HAND_OVER = statement(
  'inventory_hand_over_seats',
  `UPDATE event_seat s SET cart_id = $5, version = pg_current_xact_id()::text::bigint
   FROM unnest($2::int[], $3::int[]) AS m (event_id, seat_id)
   WHERE s.company_id = $1 AND s.event_id = m.event_id AND s.seat_id = m.seat_id
     AND s.status = 'held' AND s.cart_id = $4`,
);
const RETICKET = statement(
  'inventory_reticket_seats',
  `UPDATE event_seat s SET ticket_id = m.ticket_id, version = pg_current_xact_id()::text::bigint
   FROM unnest($2::int[], $3::int[], $4::uuid[]) AS m (event_id, seat_id, ticket_id)
   WHERE s.company_id = $1 AND s.event_id = m.event_id AND s.seat_id = m.seat_id
     AND s.status = 'sold' AND s.cart_id = $5`,
);

// The new lines take over the allotments with the places, in the order that they take over the places.
const KEEP_BLOCKS = statement(
  'inventory_keep_blocks',
  `UPDATE sale_detail l SET block_id = m.block_id
   FROM (SELECT p.new_id AS id, o.block_id FROM unnest($2::uuid[], $3::uuid[]) AS p (new_id, old_id)
         JOIN sale_detail o ON o.company_id = $1 AND o.id = p.old_id WHERE o.block_id IS NOT NULL
         UNION ALL SELECT o.id, NULL FROM sale_detail o
         WHERE o.company_id = $1 AND o.id = ANY($3::uuid[]) AND o.block_id IS NOT NULL) AS m
   WHERE l.company_id = $1 AND l.id = m.id`,
);

export interface StockExchange {
  /** The cart that gives its places and gets the others. */
  cart_id: string;
  hold_cart_id: string;
  old: readonly StockLine[];
  fresh: readonly (StockLine & { ticket_id: string | null })[];
  /** The new lines take over the places of the old ones: only limits of types move. */
  keep_places: boolean;
}

/**
 * Gives the places of old lines back and sells those that a quote holds, as one step: everything both touch is locked
 * first, in the one order of the program, so that two who exchange the same places crosswise never wait in a ring.
 * @throws AppError cart_expired when a place is no longer held
 */
export async function exchangeStock(tx: Tx, company_id: number, exchange: StockExchange): Promise<void> {
  const { cart_id, hold_cart_id, old, fresh, keep_places } = exchange;
  await lockStock(tx, company_id, stockOfLines([...old, ...fresh]));
  if (keep_places) return keepPlaces(tx, company_id, exchange);
  const seats = seatsOf(fresh);
  const moved = seats.length
    ? await tx.execute(HAND_OVER, [...keysOf(company_id, seats), hold_cart_id, cart_id])
    : 0;
  if (moved !== seats.length) throw gone();
  await sellLines(
    tx,
    company_id,
    fresh.map((line) => ({ ...line, cart_id })),
  );
  await returnLines(tx, company_id, old, 'sold');
}

async function keepPlaces(tx: Tx, company_id: number, { cart_id, old, fresh }: StockExchange): Promise<void> {
  const typesOnly = (lines: readonly StockLine[]) =>
    lines.map((line) => ({ ...line, section_id: null, seat_id: null }));
  await moveCounters(tx, company_id, typesOnly(fresh), { held: -1, sold: 1 });
  await moveCounters(tx, company_id, typesOnly(old), { held: 0, sold: -1 });
  await tx.execute(KEEP_BLOCKS, [company_id, fresh.map((line) => line.id), old.map((line) => line.id)]);
  const seats = seatsOf(fresh);
  if (!seats.length) return;
  const values = [...keysOf(company_id, seats), seats.map((line) => line.ticket_id), cart_id];
  if ((await tx.execute(RETICKET, values)) !== seats.length) throw gone();
}

const keysOf = (company_id: number, seats: readonly StockLine[]) => [
  company_id,
  seats.map((l) => l.event_id),
  seats.map((l) => l.seat_id),
];

const gone = (): AppError =>
  new AppError('cart_expired', 'A place of this exchange is no longer held; quote it again.');
