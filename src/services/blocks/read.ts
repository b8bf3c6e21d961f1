import type { z } from 'zod';
import type { Context } from '../../context.ts';
import { type Database, statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { notFound } from '../../errors.ts';
import type { Page, PageRequest } from '../../routing/answers.ts';
import type { Block } from '../../schemas/blocks.ts';
import { loadEvent } from '../events/row.ts';
import type { BlockRow } from '../inventory/blocks.ts';

export type BlockView = z.output<typeof Block>;

interface SeatedRow extends BlockRow {
  seat_ids: number[];
  seats_taken: number;
}

const MATCHING = `FROM block b WHERE b.company_id = $1 AND b.event_id = $2 AND ($3::int IS NULL OR b.id = $3)
  AND ($4::text IS NULL OR b.kind = $4) AND ($5::int IS NULL OR b.interface_id = $5)
  AND ($6::boolean IS NULL OR $6 = (b.released_at IS NOT NULL OR coalesce(b.release_at <= now(), false)))`;
const LIST = statement(
  'block_list',
  `SELECT b.*, s.seat_ids, s.seats_taken
   FROM (SELECT b.* ${MATCHING} ORDER BY b.id LIMIT $7 OFFSET $8) AS b, LATERAL (
     SELECT coalesce(array_agg(seat_id ORDER BY seat_id), '{}') AS seat_ids,
       count(*) FILTER (WHERE status = 'sold' OR (status = 'held' AND hold_expires_at > now()))::int AS seats_taken
     FROM event_seat WHERE company_id = b.company_id AND event_id = b.event_id AND block_id = b.id) AS s
   ORDER BY b.id`,
);
const COUNT = statement('block_count', `SELECT count(*)::int AS total ${MATCHING}`);

/**
 * A block of an event.
 * @throws AppError not_found
 */
export async function getBlock(ctx: Context, event_id: number, block_id: number): Promise<BlockView> {
  await loadEvent(ctx, event_id);
  return readBlock(ctx.system.db, ctx, event_id, block_id);
}

/** A block of an event that the caller was seen to reach. @throws AppError not_found */
export async function readBlock(
  reader: Tx | Database,
  ctx: Context,
  event_id: number,
  block_id: number,
): Promise<BlockView> {
  const values = [ctx.company_id, event_id, block_id, null, null, null, 1, 0];
  const [row] = await (reader as Tx).query<SeatedRow>(LIST, values);
  if (!row) throw notFound('Block');
  return present(row, ctx.now);
}

export interface BlockFilter {
  kind?: string | undefined;
  interface_id?: number | undefined;
  released?: boolean | undefined;
}

/**
 * The blocks of an event, in the order they were made; released ones are part of its history.
 * @throws AppError not_found
 */
export async function listBlocks(
  ctx: Context,
  event_id: number,
  { kind, interface_id, released }: BlockFilter,
  page: PageRequest,
): Promise<Page<BlockView>> {
  await loadEvent(ctx, event_id);
  const values = [ctx.company_id, event_id, null, kind ?? null, interface_id ?? null, released ?? null];
  const { db } = ctx.system;
  const [count] = await db.query<{ total: number }>(COUNT, values);
  const rows = await db.query<SeatedRow>(LIST, [...values, page.limit, page.offset]);
  return { items: rows.map((row) => present(row, ctx.now)), total: count?.total ?? 0 };
}

/** A block whose time has come is released, swept or not. */
function present(row: SeatedRow, now: Date): BlockView {
  const { company_id: _, section_id, seat_ids, seats_taken, ...columns } = row;
  const released_at = row.released_at ?? (row.release_at && row.release_at <= now ? row.release_at : null);
  const seated = section_id === null;
  const quantity = seated ? seat_ids.length : (row.quantity ?? 0);
  const taken = seated ? seats_taken : row.taken;
  return {
    ...columns,
    ...{ seat_ids: seated ? seat_ids : null, quantity, taken },
    available: released_at ? 0 : quantity - taken,
    released_at,
  };
}
