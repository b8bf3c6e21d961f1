import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import type { Offer, OfferBlock } from '../events/offer.ts';
import type { StockLine } from './stock.ts';

// An allotment keeps places for one interface, one code, or both; a renewal for those who had a season before. In general
// admission the block's row counts them; its section counts what is left of them as blocked. The section's lock is the
// block's, too: whoever moves places of a block holds it. A chosen seat carries the id of its block, through holds and
// sales, until the block is released.

/** Who asks: their interface, and the codes on their cart. */
export interface Asker {
  interface_id: number;
  code_ids: readonly number[];
  /** The plan setting that they renew: places are kept for those who have it. */
  renews?: number | null | undefined;
  now: Date;
}

/** Whether the places of a block are for this asker. One whose time has come is worth nothing, released or not. */
export const isFor = (block: OfferBlock, { interface_id, code_ids, renews, now }: Asker): boolean =>
  !(block.release_at && block.release_at <= now) &&
  (block.kind === 'renewal' ? renews === block.renews_setting_id : block.kind === 'allotment') &&
  (block.interface_id === null || block.interface_id === interface_id) &&
  (block.code_id === null || code_ids.includes(block.code_id));

/** What blocks say of one section to one asker. */
export interface Share {
  /** Allotments that they may take from, oldest first. */
  own: OfferBlock[];
  /** They may take from nothing else. */
  only: boolean;
}

/** The allotments of a section that an asker may take from; almost always none. */
export function shareOf(offer: Offer, section_id: number, asker: Asker): Share {
  if (!offer.blocks.size) return NO_SHARE;
  const own = [...offer.blocks.values()].filter(
    (block) => block.section_ids.includes(section_id) && isFor(block, asker),
  );
  return { own, only: own.some((block) => !block.overflow) };
}

const NO_SHARE: Share = { own: [], only: false };

/** What allotments make of the stock of a whole event for one asker. */
export interface EventShare {
  /** Blocks that they may take from. */
  own: ReadonlySet<number>;
  /** Sections where they may take from nothing else. */
  only: ReadonlySet<number>;
  /** The same for two who may have the same; empty for those whom no allotment is about. */
  key: string;
}

/** Whom no allotment is about: what is free is theirs. */
export const EVERYBODY: EventShare = { own: new Set(), only: new Set(), key: '' };

/** What of an event an asker may have besides, or instead of, what is free. */
export function shareOfEvent(blocks: Iterable<OfferBlock>, asker: Asker): EventShare {
  const own = [...blocks].filter((block) => isFor(block, asker));
  if (!own.length) return EVERYBODY;
  const ids = own.map(({ id }) => id).sort((a, b) => a - b);
  const only = new Set(own.flatMap((block) => (block.overflow ? [] : block.section_ids)));
  return { own: new Set(ids), only, key: `${ids} ${[...only].sort((a, b) => a - b)}` };
}

const LEFT = statement(
  'block_left',
  `SELECT id, quantity - taken AS free FROM block
   WHERE company_id = $1 AND id = ANY($2::int[]) AND released_at IS NULL AND quantity IS NOT NULL`,
);

/** What is left in blocks of general admission. Asked under the locks of their sections, it stays so. */
export async function leftInBlocks(
  tx: Tx,
  company_id: number,
  ids: readonly number[],
): Promise<Map<number, { free: number }>> {
  if (!ids.length) return new Map();
  const rows = await tx.query<{ id: number; free: number }>(LEFT, [company_id, ids]);
  return new Map(rows.map((row) => [row.id, row]));
}

const TAKE = statement(
  'block_take',
  `UPDATE block b SET taken = b.taken + m.n, updated_at = greatest(now(), b.updated_at + interval '1 millisecond')
   FROM (SELECT id, count(*)::int AS n FROM unnest($2::int[]) AS u (id) GROUP BY id) AS m
   WHERE b.company_id = $1 AND b.id = m.id AND b.released_at IS NULL`,
);
const UNBLOCK = statement(
  'block_unblock_section',
  `UPDATE event_section s SET blocked = s.blocked - m.n
   FROM (SELECT b.event_id, b.section_id, count(*)::int AS n FROM unnest($2::int[]) AS u (id)
         JOIN block b ON b.company_id = $1 AND b.id = u.id GROUP BY b.event_id, b.section_id) AS m
   WHERE s.company_id = $1 AND s.event_id = m.event_id AND s.section_id = m.section_id`,
);

/** General-admission lines that come out of a block. */
const allotted = <L extends StockLine>(lines: readonly L[]) =>
  lines.filter((line) => line.seat_id === null && line.block_id !== null && line.block_id !== undefined);

/**
 * Takes the places of lines out of their blocks, for the counters of their sections to count them as held next. The
 * caller holds the locks of the sections and has seen that enough is left.
 */
export async function takeFromBlocks(tx: Tx, company_id: number, lines: readonly StockLine[]): Promise<void> {
  const ids = allotted(lines).map((line) => line.block_id as number);
  if (!ids.length) return;
  const [taken] = await Promise.all([
    tx.execute(TAKE, [company_id, ids]),
    tx.execute(UNBLOCK, [company_id, ids]),
  ]);
  if (taken !== new Set(ids).size) throw new Error('a block was released under the lock of its section');
}

// Which block a line belongs to is read here, under the lock of the section: a release may have moved it.
const GIVE_BACK = statement(
  'block_give_back',
  `WITH mine AS (
     SELECT l.block_id AS id, l.event_id, l.section_id, sum(l.quantity)::int AS n FROM sale_detail l
     WHERE l.company_id = $1 AND l.id = ANY($2::uuid[]) AND l.block_id IS NOT NULL AND l.seat_id IS NULL
     GROUP BY l.block_id, l.event_id, l.section_id),
   given AS (
     UPDATE block b SET taken = b.taken - mine.n, updated_at = greatest(now(), b.updated_at + interval '1 millisecond')
     FROM mine WHERE b.company_id = $1 AND b.id = mine.id)
   UPDATE event_section s SET blocked = s.blocked + m.n
   FROM (SELECT event_id, section_id, sum(n)::int AS n FROM mine GROUP BY event_id, section_id) AS m
   WHERE s.company_id = $1 AND s.event_id = m.event_id AND s.section_id = m.section_id`,
);

/** Gives places of lines back to the blocks they came from. The caller has moved the counters of their sections. */
export async function giveBackToBlocks(
  tx: Tx,
  company_id: number,
  lines: readonly StockLine[],
): Promise<void> {
  const places = lines.filter((line) => line.kind === 'ticket' && line.seat_id === null);
  if (places.length) await tx.execute(GIVE_BACK, [company_id, places.map((line) => line.id)]);
}

const BLOCKS_OF_LINES = statement(
  'block_of_lines',
  'SELECT id, block_id FROM sale_detail WHERE company_id = $1 AND id = ANY($2::uuid[]) AND block_id IS NOT NULL',
);

/** The blocks that lines came from, by line; read under the locks of their stock. */
export async function blocksOfLines(
  tx: Tx,
  company_id: number,
  lines: readonly StockLine[],
): Promise<Map<string, number>> {
  const rows = await tx.query<{ id: string; block_id: number }>(BLOCKS_OF_LINES, [
    company_id,
    lines.map((line) => line.id),
  ]);
  return new Map(rows.map((row) => [row.id, row.block_id]));
}
