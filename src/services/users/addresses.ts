import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { type Tx, transaction } from '../../db/transaction.ts';
import { fieldError, notFound } from '../../errors.ts';
import type { Page, PageRequest } from '../../routing/answers.ts';
import type { Address, AddressCreate, AddressPatch } from '../../schemas/addresses.ts';
import { assertFresh } from '../fresh.ts';
import { assertReached, assertRoom, lockOwner } from './owner.ts';

const COLUMNS = `id, user_id, label, line1, line2, city, postal_code, country_id, state_id, "default", created_at,
  updated_at`;

const LIST = statement(
  'address_list',
  `SELECT ${COLUMNS} FROM address WHERE company_id = $1 AND user_id = $2 ORDER BY id LIMIT $3 OFFSET $4`,
);
const COUNT = statement(
  'address_count',
  'SELECT count(*)::int AS total FROM address WHERE company_id = $1 AND user_id = $2',
);
const FIND = statement(
  'address_find',
  `SELECT ${COLUMNS} FROM address WHERE company_id = $1 AND user_id = $2 AND id = $3`,
);

/**
 * The addresses of a user, in the order they were made.
 * @throws AppError not_found, user_required
 */
export async function listAddresses(
  ctx: Context,
  user_id: number,
  { limit, offset }: PageRequest,
): Promise<Page<Address>> {
  await assertReached(ctx, user_id);
  const { db } = ctx.system;
  const [items, [count]] = await Promise.all([
    db.query<Address>(LIST, [ctx.company_id, user_id, limit, offset]),
    db.query<{ total: number }>(COUNT, [ctx.company_id, user_id]),
  ]);
  return { items, total: count?.total ?? 0 };
}

/** @throws AppError not_found, user_required */
export async function getAddress(ctx: Context, user_id: number, address_id: number): Promise<Address> {
  await assertReached(ctx, user_id);
  const [address] = await ctx.system.db.query<Address>(FIND, [ctx.company_id, user_id, address_id]);
  if (!address) throw notFound('Address');
  return address;
}

const PLACE = statement(
  'address_place',
  `SELECT (SELECT count(*)::int FROM country WHERE id = $1) AS country,
     (SELECT country_id FROM state WHERE id = $2) AS country_of_state`,
);

/** Country and state are checked against each other. @throws AppError validation_failed */
async function assertPlace(tx: Tx, { country_id, state_id }: Place): Promise<void> {
  const [place] = await tx.query<{ country: number; country_of_state: number | null }>(PLACE, [
    country_id,
    state_id,
  ]);
  if (!place?.country) throw fieldError('/country_id', 'Unknown country: see GET /countries.', 'not_found');
  if (state_id !== null && place.country_of_state !== country_id)
    throw fieldError('/state_id', `Not a state of that country: see GET /countries/${country_id}/states.`);
}

interface Place {
  country_id: number;
  state_id: number | null;
}

const INSERT = statement(
  'address_insert',
  `INSERT INTO address (company_id, user_id, label, line1, line2, city, postal_code, country_id, state_id, "default")
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING ${COLUMNS}`,
);
const UNSET = statement(
  'address_unset_default',
  `UPDATE address SET "default" = false, updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND user_id = $2 AND "default"`,
);

/**
 * Adds an address. A user with addresses has exactly one default: the first, until another is made it.
 * @throws AppError not_found, user_required, validation_failed, limit_exceeded
 */
export const createAddress = (ctx: Context, user_id: number, address: AddressCreate): Promise<Address> =>
  transaction(ctx, async (tx) => {
    const { company_id } = ctx;
    await lockOwner(tx, ctx, user_id);
    const { label = null, line1, line2 = null, city, postal_code = null, country_id } = address;
    const { state_id = null } = address;
    await assertPlace(tx, { country_id, state_id });
    const [count] = await tx.query<{ total: number }>(COUNT, [company_id, user_id]);
    const kept = count?.total ?? 0;
    assertRoom(kept);
    const isDefault = kept === 0 || address.default === true;
    if (isDefault) await tx.execute(UNSET, [company_id, user_id]);
    const text = [label, line1, line2, city, postal_code];
    const values = [company_id, user_id, ...text, country_id, state_id, isDefault];
    return (await tx.query<Address>(INSERT, values))[0] as Address;
  });

const UPDATE = statement(
  'address_update',
  `UPDATE address SET label = $4, line1 = $5, line2 = $6, city = $7, postal_code = $8, country_id = $9, state_id = $10,
     "default" = $11, updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND user_id = $2 AND id = $3 RETURNING ${COLUMNS}`,
);

/**
 * Changes what is given and leaves the rest.
 * @throws AppError not_found, user_required, precondition_failed, validation_failed (the default is given up only by
 *   making another address it)
 */
export const updateAddress = (
  ctx: Context,
  user_id: number,
  address_id: number,
  changes: AddressPatch,
): Promise<Address> =>
  transaction(ctx, async (tx) => {
    const { company_id } = ctx;
    const before = await lockAddress(tx, ctx, user_id, address_id);
    const after = { ...before, ...(changes as Partial<Address>) };
    if (before.default && !after.default)
      throw fieldError('/default', 'Make another address the default instead.');
    await assertPlace(tx, after);
    if (after.default && !before.default) await tx.execute(UNSET, [company_id, user_id]);
    const { label, line1, line2, city, postal_code, country_id, state_id } = after;
    const text = [label, line1, line2, city, postal_code];
    const values = [company_id, user_id, address_id, ...text, country_id, state_id, after.default];
    return (await tx.query<Address>(UPDATE, values))[0] as Address;
  });

const DELETE = statement(
  'address_delete',
  'DELETE FROM address WHERE company_id = $1 AND user_id = $2 AND id = $3',
);
const NEXT_DEFAULT = statement(
  'address_next_default',
  `UPDATE address SET "default" = true, updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND id = (SELECT min(id) FROM address WHERE company_id = $1 AND user_id = $2)`,
);

/**
 * Deletes an address; if it was the default, the oldest of the others becomes it.
 * @throws AppError not_found, user_required, precondition_failed
 */
export const deleteAddress = (ctx: Context, user_id: number, address_id: number): Promise<void> =>
  transaction(ctx, async (tx) => {
    const address = await lockAddress(tx, ctx, user_id, address_id);
    await tx.execute(DELETE, [ctx.company_id, user_id, address_id]);
    if (address.default) await tx.execute(NEXT_DEFAULT, [ctx.company_id, user_id]);
  });

async function lockAddress(tx: Tx, ctx: Context, user_id: number, address_id: number): Promise<Address> {
  await lockOwner(tx, ctx, user_id);
  const [address] = await tx.query<Address>(FIND, [ctx.company_id, user_id, address_id]);
  if (!address) throw notFound('Address');
  assertFresh(ctx, address.updated_at);
  return address;
}
