import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { type Tx, transaction } from '../../db/transaction.ts';
import { notFound } from '../../errors.ts';
import type { Page, PageRequest } from '../../routing/answers.ts';
import type { Guest, GuestCreate, GuestPatch } from '../../schemas/guests.ts';
import { assertFresh } from '../fresh.ts';
import { assertReached, assertRoom, lockOwner } from './owner.ts';

const COLUMNS = 'id, user_id, first_name, last_name, email, document_number, created_at, updated_at';

const LIST = statement(
  'guest_list',
  `SELECT ${COLUMNS} FROM guest WHERE company_id = $1 AND user_id = $2 ORDER BY id LIMIT $3 OFFSET $4`,
);
const COUNT = statement(
  'guest_count',
  'SELECT count(*)::int AS total FROM guest WHERE company_id = $1 AND user_id = $2',
);
const FIND = statement(
  'guest_find',
  `SELECT ${COLUMNS} FROM guest WHERE company_id = $1 AND user_id = $2 AND id = $3`,
);

/**
 * The companions whom a user keeps for next time.
 * @throws AppError not_found, user_required
 */
export async function listGuests(
  ctx: Context,
  user_id: number,
  { limit, offset }: PageRequest,
): Promise<Page<Guest>> {
  await assertReached(ctx, user_id);
  const { db } = ctx.system;
  const [items, [count]] = await Promise.all([
    db.query<Guest>(LIST, [ctx.company_id, user_id, limit, offset]),
    db.query<{ total: number }>(COUNT, [ctx.company_id, user_id]),
  ]);
  return { items, total: count?.total ?? 0 };
}

/** @throws AppError not_found, user_required */
export async function getGuest(ctx: Context, user_id: number, guest_id: number): Promise<Guest> {
  await assertReached(ctx, user_id);
  const [guest] = await ctx.system.db.query<Guest>(FIND, [ctx.company_id, user_id, guest_id]);
  if (!guest) throw notFound('Guest');
  return guest;
}

const INSERT = statement(
  'guest_insert',
  `INSERT INTO guest (company_id, user_id, first_name, last_name, email, document_number)
   VALUES ($1, $2, $3, $4, $5, $6) RETURNING ${COLUMNS}`,
);
const UPDATE = statement(
  'guest_update',
  `UPDATE guest SET first_name = $4, last_name = $5, email = $6, document_number = $7,
     updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND user_id = $2 AND id = $3 RETURNING ${COLUMNS}`,
);
const DELETE = statement(
  'guest_delete',
  'DELETE FROM guest WHERE company_id = $1 AND user_id = $2 AND id = $3',
);

/**
 * Keeps a companion.
 * @throws AppError not_found, user_required, limit_exceeded
 */
export const createGuest = (ctx: Context, user_id: number, guest: GuestCreate): Promise<Guest> =>
  transaction(ctx, async (tx) => {
    await lockOwner(tx, ctx, user_id);
    const [count] = await tx.query<{ total: number }>(COUNT, [ctx.company_id, user_id]);
    assertRoom(count?.total ?? 0);
    const { first_name, last_name, email = null, document_number = null } = guest;
    const values = [ctx.company_id, user_id, first_name, last_name, email, document_number];
    return (await tx.query<Guest>(INSERT, values))[0] as Guest;
  });

/**
 * Changes what is given. Lines of carts keep the holder as they copied it.
 * @throws AppError not_found, user_required, precondition_failed
 */
export const updateGuest = (
  ctx: Context,
  user_id: number,
  guest_id: number,
  changes: GuestPatch,
): Promise<Guest> =>
  transaction(ctx, async (tx) => {
    const before = await lockGuest(tx, ctx, user_id, guest_id);
    const { first_name, last_name, email, document_number } = { ...before, ...(changes as Partial<Guest>) };
    const values = [ctx.company_id, user_id, guest_id, first_name, last_name, email, document_number];
    return (await tx.query<Guest>(UPDATE, values))[0] as Guest;
  });

/** @throws AppError not_found, user_required, precondition_failed */
export const deleteGuest = (ctx: Context, user_id: number, guest_id: number): Promise<void> =>
  transaction(ctx, async (tx) => {
    await lockGuest(tx, ctx, user_id, guest_id);
    await tx.execute(DELETE, [ctx.company_id, user_id, guest_id]);
  });

async function lockGuest(tx: Tx, ctx: Context, user_id: number, guest_id: number): Promise<Guest> {
  await lockOwner(tx, ctx, user_id);
  const [guest] = await tx.query<Guest>(FIND, [ctx.company_id, user_id, guest_id]);
  if (!guest) throw notFound('Guest');
  assertFresh(ctx, guest.updated_at);
  return guest;
}
