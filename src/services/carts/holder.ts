import type { Context } from '../../context.ts';
import { type Database, statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import type { Item } from '../../schemas/carts.ts';

/** Whose ticket a line is. */
export interface Holder {
  first_name: string | null;
  last_name: string | null;
  email: string | null;
  document_number: string | null;
  guest_id: number | null;
}

export const NOBODY: Holder = {
  first_name: null,
  last_name: null,
  email: null,
  document_number: null,
  guest_id: null,
};

/** A holder as a request names one. */
export function namedHolder(holder: NonNullable<Item['holder']>): Holder {
  const { first_name, last_name, email = null, document_number = null } = holder;
  return { first_name, last_name, email, document_number, guest_id: null };
}

const GUEST = statement(
  'guest_as_holder',
  `SELECT first_name, last_name, email, document_number, id AS guest_id FROM guest
   WHERE company_id = $1 AND id = $2 AND ($3 OR user_id = $4)`,
);

/** A holder copied from a guest of the caller's own, or of anybody for `sell`; undefined when there is none. */
export async function guestAsHolder(
  reader: Tx | Database,
  ctx: Context,
  guest_id: number,
): Promise<Holder | undefined> {
  const values = [ctx.company_id, guest_id, ctx.scopes.has('sell'), ctx.user_id ?? null];
  const [guest] = await reader.query<Holder>(GUEST, values);
  return guest;
}
