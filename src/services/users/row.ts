import { domainToASCII } from 'node:url';
import type { z } from 'zod';
import type { Context, Scope } from '../../context.ts';
import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { AppError, fieldError } from '../../errors.ts';
import type { User } from '../../schemas/users.ts';

export type UserRow = z.output<typeof User>;

/** The columns of a UserRow: never the password's hash. A date of birth has no time zone, so it stays text. */
export const USER_COLUMNS = `id, email, first_name, last_name, phone, document_type, document_number,
  birth_date::text AS birth_date, locale, preferences, email_verified_at,
  (SELECT v.email FROM email_verification v WHERE v.company_id = user_account.company_id
     AND v.user_id = user_account.id AND v.email_key <> user_account.email_key AND v.expires_at > now()) AS pending_email,
  active, created_at, updated_at`;

const FIND_DOCUMENT_TYPE = statement('user_document_type', 'SELECT 1 FROM document_type WHERE code = $1');

/**
 * Addresses are unique in a company whatever their case and however a domain's letters are written. What stands behind
 * a plus or between dots stays: another mailbox, for all we know.
 */
export function emailKey(email: string): string {
  const text = email.trim().toLowerCase();
  const at = text.lastIndexOf('@') + 1;
  return /[^\x20-\x7e]/.test(text.slice(at)) ? text.slice(0, at) + domainToASCII(text.slice(at)) : text;
}

/**
 * Whose data the caller reaches.
 * @param scopes those that reach every user of the company
 * @returns null for everybody's, else the id of the caller's own user
 * @throws AppError user_required for a token that has neither such a scope nor a user
 */
export function reach(ctx: Context, scopes: readonly Scope[]): number | null {
  return scopes.some((scope) => ctx.scopes.has(scope)) ? null : ownUserId(ctx);
}

/** @throws AppError user_required */
export function ownUserId({ user_id }: Context): number {
  if (user_id === undefined)
    throw new AppError(
      'user_required',
      'Use the token of a user: POST /auth/token with grant_type=password.',
    );
  return user_id;
}

/** @throws AppError validation_failed for a type of document that does not exist */
export async function assertDocumentType(tx: Tx, code: string | null): Promise<void> {
  if (code === null) return;
  const rows = await tx.query(FIND_DOCUMENT_TYPE, [code]);
  if (!rows.length)
    throw fieldError('/document_type', 'Unknown document type: see GET /resources?resources=document_types.');
}
