import type { z } from 'zod';
import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { transaction } from '../../db/transaction.ts';
import type { UserCreate } from '../../schemas/users.ts';
import { sendVerification } from './email-verification.ts';
import { hashPassword } from './password-hash.ts';
import { assertDocumentType, emailKey, USER_COLUMNS, type UserRow } from './row.ts';

const INSERT = statement(
  'user_insert',
  `INSERT INTO user_account (company_id, email, email_key, password_hash, first_name, last_name, phone, document_type,
     document_number, birth_date, locale, preferences)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
   RETURNING ${USER_COLUMNS}`,
);

/**
 * Registers a user of the client's company and sends a code to prove the address with. Without a locale it is the language of the request.
 * @throws AppError email_taken; validation_failed for an unknown type of document; service_unavailable
 */
export async function createUser(ctx: Context, user: z.output<typeof UserCreate>): Promise<UserRow> {
  const hash = await hashPassword(user.password, ctx.system.config);
  return transaction(ctx, async (tx) => {
    await assertDocumentType(tx, user.document_type ?? null);
    const [created] = await tx.query<UserRow>(INSERT, [
      ctx.company_id,
      user.email,
      emailKey(user.email),
      hash,
      user.first_name,
      user.last_name,
      user.phone ?? null,
      user.document_type ?? null,
      user.document_number ?? null,
      user.birth_date ?? null,
      user.locale ?? ctx.language,
      user.preferences ?? {},
    ]);
    await sendVerification(tx, ctx.company_id, created as UserRow, user.email);
    return created as UserRow;
  });
}
