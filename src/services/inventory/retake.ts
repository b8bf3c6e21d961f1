import type { Tx } from '../../db/transaction.ts';
import { blocksOfLines, leftInBlocks } from './allotments.ts';
import { lockStock, pairKey } from './locks.ts';
import {
  piecesByProduct,
  placesBySection,
  placesByTicketType,
  type Quantities,
  type StockLine,
  seatsOf,
} from './stock.ts';
import { takeLines } from './take.ts';

/**
 * Holds once more what an expired cart had held, for a payment that was confirmed late.
 * The caller holds the cart's lock and has returned its stock (expireCarts) before.
 * @returns true when all of it is held again; false when any part is gone: nothing is taken then
 */
export async function retakeLines(
  tx: Tx,
  company_id: number,
  lines: readonly StockLine[],
  holdUntil: Date,
): Promise<boolean> {
  const sections = placesBySection(lines);
  const types = placesByTicketType(lines);
  const products = piecesByProduct(lines);
  const seats = seatsOf(lines);
  const stock = await lockStock(tx, company_id, {
    sections: pairs(sections),
    ticket_types: pairs(types),
    products: pairs(products),
    seats: seats.map((l) => [l.event_id as number, l.seat_id as number]),
  });
  const blocks = await blocksOfLines(tx, company_id, lines);
  const seatOf = (l: StockLine) => stock.seats.get(pairKey(l.event_id as number, l.seat_id as number));
  const again = lines.map((line) => ({
    ...line,
    block_id: (line.seat_id === null ? blocks.get(line.id) : seatOf(line)?.block_id) ?? null,
  }));
  const inBlocks = await leftInBlocks(tx, company_id, [...new Set(blocks.values())]);
  for (const line of again) {
    const block = line.seat_id === null && line.block_id !== null && inBlocks.get(line.block_id);
    if (!block) continue;
    block.free -= line.quantity;
    const section = stock.sections.get(pairKey(line.event_id as number, line.section_id as number));
    if (section) section.free += line.quantity; // it is not taken from what is free for all
  }
  const enough = (wanted: Quantities, counters: Map<string, { free: number }>, mustExist: boolean) =>
    wanted.ids.every((id, i) => {
      const counter = counters.get(pairKey(wanted.event_ids[i] as number, id));
      return counter ? counter.free >= (wanted.quantities[i] as number) : !mustExist;
    });
  const whole =
    enough(sections, stock.sections, true) &&
    enough(types, stock.ticket_types, false) && // no row: the type has no capacity of its own
    enough(products, stock.products, false) &&
    [...inBlocks.values()].every((block) => block.free >= 0) &&
    seats.every((l) => {
      const seat = seatOf(l);
      return seat && (seat.free || (seat.block_id !== null && seat.block_id === blocks.get(l.id)));
    });
  if (whole)
    await takeLines(
      tx,
      company_id,
      again.map((line) => ({ ...line, expires_at: holdUntil })),
    );
  return whole;
}

const pairs = ({ event_ids, ids }: Quantities) => ids.map((id, i) => [event_ids[i] as number, id] as const);
