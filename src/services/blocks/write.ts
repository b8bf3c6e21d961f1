import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { type Tx, transaction } from '../../db/transaction.ts';
import { AppError, fieldError } from '../../errors.ts';
import { NewBlock, type PatchBlock } from '../../schemas/blocks.ts';
import type { BulkMode, RowResult } from '../../schemas/bulk.ts';
import { recordAudit } from '../audit.ts';
import { bulkRows } from '../bulk.ts';
import { endOverdueOf } from '../carts/expire.ts';
import { recordChanges } from '../changes.ts';
import { loadEvent } from '../events/row.ts';
import { assertFresh } from '../fresh.ts';
import { type BlockRow, blockOf, lockBlocks, movePlaces, takeSeats } from '../inventory/blocks.ts';
import { lockStock, type Pair, type StockRequest } from '../inventory/locks.ts';
import { releaseBlock, releaseInTheWay } from '../inventory/release.ts';
import { type BlockView, readBlock } from './read.ts';

const INSERT = statement(
  'block_insert',
  `INSERT INTO block (company_id, event_id, kind, name, note, section_id, section_ids, quantity, interface_id, code_id,
     parent_id, overflow, release_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING id`,
);
const SET_SECTIONS = statement(
  'block_set_sections',
  'UPDATE block SET section_ids = $3 WHERE company_id = $1 AND id = $2',
);
const SELLS_HERE = statement(
  'block_interface',
  'SELECT 1 FROM event_interface WHERE company_id = $1 AND event_id = $2 AND interface_id = $3',
);
const CODE_OF_EVENT = statement(
  'block_code',
  'SELECT 1 FROM code WHERE company_id = $1 AND event_id = $2 AND id = $3',
);

/**
 * Takes seats or places of general admission out of sale, or keeps them for an interface or a code. All or nothing.
 * @throws AppError not_found; seats_unavailable and sold_out for what is sold, held or blocked; validation_failed;
 *   conflict for a draft or a released parent
 */
export async function createBlock(ctx: Context, event_id: number, body: NewBlock): Promise<BlockView> {
  await loadEvent(ctx, event_id);
  return withFreeStock(ctx, event_id, () =>
    transaction(ctx, async (tx) => {
      await lockBlocks(tx, ctx.company_id, event_id);
      return make(tx, ctx, event_id, body);
    }),
  );
}

/**
 * Makes many blocks, all of them or each by itself; each may be taken out of a block that is there already.
 * @returns one result a row, in order
 * @throws AppError as bulkRows does; not_found; conflict for a draft
 */
export async function createBlocks(
  ctx: Context,
  event_id: number,
  mode: BulkMode | undefined,
  rows: readonly unknown[],
): Promise<RowResult[]> {
  await loadEvent(ctx, event_id);
  await endOverdueOf(ctx.system, [event_id]);
  await releaseInTheWay(ctx.system, ctx.company_id, [event_id], new Date());
  return transaction(ctx, async (tx) => {
    await lockBlocks(tx, ctx.company_id, event_id);
    await lockStock(tx, ctx.company_id, stockOf(event_id, rows)); // in the one order, whatever that of the rows
    return bulkRows(tx, mode, rows, {
      ...{ name: 'blocks', root: 'block', row: NewBlock },
      write: (part, body) => make(part, ctx, event_id, body),
    });
  });
}

function stockOf(event_id: number, rows: readonly unknown[]): StockRequest {
  const sound = rows.flatMap((row) => NewBlock.safeParse(row).data ?? []);
  return {
    sections: sound.flatMap(({ section_id }): Pair[] => (section_id ? [[event_id, section_id]] : [])),
    ...{ ticket_types: [], products: [] },
    seats: sound.flatMap(({ seat_ids = [] }) => seat_ids.map((id): Pair => [event_id, id])),
  };
}

async function make(tx: Tx, ctx: Context, event_id: number, body: NewBlock): Promise<BlockView> {
  await requireMeant(tx, ctx, event_id, body);
  const id = await insert(tx, ctx, event_id, body);
  const block = { company_id: ctx.company_id, event_id, parent_id: body.parent_id ?? null, id };
  if (body.seat_ids) {
    const sections = await takeSeats(tx, block, body.seat_ids);
    await tx.execute(SET_SECTIONS, [ctx.company_id, id, sections]);
  } else await movePlaces(tx, { ...block, section_id: body.section_id as number }, body.quantity as number);
  const view = await readBlock(tx, ctx, event_id, id);
  await audit(tx, ctx, 'block.create', null, view);
  await tell(tx, ctx, view);
  return view;
}

async function insert(tx: Tx, ctx: Context, event_id: number, body: NewBlock): Promise<number> {
  const { interface_id = null, code_id = null, section_id = null } = body;
  const [row] = await tx.query<{ id: number }>(INSERT, [
    ctx.company_id,
    event_id,
    body.kind,
    body.name,
    body.note ?? null,
    section_id,
    section_id === null ? [] : [section_id],
    body.quantity ?? null,
    interface_id,
    code_id,
    body.parent_id ?? null,
    body.overflow ?? (code_id !== null && interface_id === null),
    body.release_at ?? null,
  ]);
  return (row as { id: number }).id;
}

/** Whom and what a block names must be there. */
async function requireMeant(tx: Tx, ctx: Context, event_id: number, body: NewBlock): Promise<void> {
  const { interface_id, code_id, parent_id, release_at, section_id } = body;
  if (release_at && release_at <= ctx.now) throw fieldError('/release_at', 'This time has passed.');
  const of = [ctx.company_id, event_id];
  if (interface_id && !(await tx.query(SELLS_HERE, [...of, interface_id])).length)
    throw fieldError('/interface_id', 'The event does not sell on such an interface.', 'not_found');
  if (code_id && !(await tx.query(CODE_OF_EVENT, [...of, code_id])).length)
    throw fieldError('/code_id', 'The event has no such code.', 'not_found');
  if (!parent_id) return;
  const parent = await blockOf(tx, ctx.company_id, event_id, parent_id).catch(() => {
    throw fieldError('/parent_id', 'The event has no such block.', 'not_found');
  });
  if (isReleased(parent, ctx.now))
    throw new AppError('conflict', 'The block around it is released.', { block_id: parent_id });
  if (parent.section_id !== (section_id ?? null))
    throw fieldError('/parent_id', 'The block around it has no such places.');
}

const isReleased = ({ released_at, release_at }: BlockRow, now: Date): boolean =>
  released_at !== null || (release_at !== null && release_at <= now);

/**
 * Changes a block that keeps places: its name, note, time, overflow, or how many places of general admission it has.
 * @throws AppError not_found, precondition_failed, sold_out, validation_failed; conflict when it is released
 */
export async function patchBlock(
  ctx: Context,
  event_id: number,
  block_id: number,
  body: PatchBlock,
): Promise<BlockView> {
  await loadEvent(ctx, event_id);
  return withFreeStock(ctx, event_id, () =>
    transaction(ctx, async (tx) => {
      const block = await lockLive(tx, ctx, event_id, block_id);
      const before = await readBlock(tx, ctx, event_id, block_id);
      if (body.release_at && body.release_at <= ctx.now)
        throw fieldError('/release_at', 'This time has passed.');
      if (body.overflow !== undefined && block.kind !== 'allotment')
        throw fieldError('/overflow', 'Goes with an allotment.');
      if (body.quantity !== undefined) await resize(tx, block, body.quantity);
      await tx.execute(PATCH, [
        ctx.company_id,
        block_id,
        body.name ?? block.name,
        body.note === undefined ? block.note : body.note,
        body.overflow ?? block.overflow,
        body.release_at === undefined ? block.release_at : body.release_at,
      ]);
      const after = await readBlock(tx, ctx, event_id, block_id);
      await audit(tx, ctx, 'block.update', before, after);
      await tell(tx, ctx, after);
      return after;
    }),
  );
}

const PATCH = statement(
  'block_patch',
  `UPDATE block SET name = $3, note = $4, overflow = $5, release_at = $6,
     updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND id = $2 AND released_at IS NULL`,
);
const RESIZE = statement(
  'block_resize',
  `UPDATE block SET quantity = $3 WHERE company_id = $1 AND id = $2 AND taken <= $3 RETURNING id`,
);
const TAKEN = statement('block_taken', 'SELECT taken FROM block WHERE company_id = $1 AND id = $2');

async function resize(tx: Tx, block: BlockRow, quantity: number): Promise<void> {
  const { company_id, id, section_id } = block;
  if (section_id === null)
    throw fieldError('/quantity', 'This block has chosen seats: release it, and make another.');
  await movePlaces(tx, { ...block, section_id }, quantity - (block.quantity as number));
  if ((await tx.query(RESIZE, [company_id, id, quantity])).length) return;
  const [row] = await tx.query<{ taken: number }>(TAKEN, [company_id, id]);
  throw new AppError('conflict', `${row?.taken} of it are held or sold: it cannot become less.`, {
    taken: row?.taken,
  });
}

/**
 * Releases a block by hand: what is left goes to the block around it, else on sale. It stays readable.
 * @throws AppError not_found, precondition_failed; conflict when it is released already
 */
export async function deleteBlock(ctx: Context, event_id: number, block_id: number): Promise<void> {
  await loadEvent(ctx, event_id);
  return transaction(ctx, async (tx) => {
    const block = await lockLive(tx, ctx, event_id, block_id);
    const before = await readBlock(tx, ctx, event_id, block_id);
    await releaseBlock(tx, block);
    await audit(tx, ctx, 'block.release', before, await readBlock(tx, ctx, event_id, block_id));
  });
}

async function lockLive(tx: Tx, ctx: Context, event_id: number, block_id: number): Promise<BlockRow> {
  await lockBlocks(tx, ctx.company_id, event_id);
  const block = await blockOf(tx, ctx.company_id, event_id, block_id);
  assertFresh(ctx, block.updated_at);
  if (isReleased(block, ctx.now))
    throw new AppError('conflict', 'This block is released already.', { block_id });
  return block;
}

/** What holds that ran out and blocks whose time has come still keep is free: they go, and it is tried once more. */
async function withFreeStock<T>(ctx: Context, event_id: number, work: () => Promise<T>): Promise<T> {
  const asked = new Date();
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AppError) || !['sold_out', 'seats_unavailable'].includes(error.code)) throw error;
    await endOverdueOf(ctx.system, [event_id]);
    await releaseInTheWay(ctx.system, ctx.company_id, [event_id], asked);
    return work();
  }
}

/** What is on sale has changed; a release tells it by itself. */
const tell = (tx: Tx, { company_id }: Context, { id, event_id, interface_id }: BlockView): Promise<void> =>
  recordChanges(tx, [
    {
      ...{ company_id, type: 'event.updated', interface_id, event_id, subject_id: String(event_id) },
      data: { event_id, block_id: id },
    },
  ]);

async function audit(
  tx: Tx,
  ctx: Context,
  action: string,
  before: BlockView | null,
  after: BlockView,
): Promise<void> {
  const short = (view: BlockView) => ({ ...view, seat_ids: view.seat_ids?.length });
  await recordAudit(tx, ctx, {
    ...{ action, subject_type: 'block', subject_id: String(after.id) },
    ...{ before: before && short(before), after: short(after) },
  });
}
