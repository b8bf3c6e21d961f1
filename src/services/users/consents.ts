import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { transaction } from '../../db/transaction.ts';
import type { Page, PageRequest } from '../../routing/answers.ts';
import type { Consent, ConsentCreate } from '../../schemas/consents.ts';
import { uuidv7 } from '../../uuid.ts';
import { assertReached, lockOwner } from './owner.ts';

const COLUMNS = 'id, purpose, text_version, granted, created_at';

const LIST = statement(
  'consent_list',
  `SELECT ${COLUMNS} FROM consent WHERE company_id = $1 AND user_id = $2 ORDER BY id DESC LIMIT $3 OFFSET $4`,
);
const COUNT = statement(
  'consent_count',
  'SELECT count(*) AS total FROM consent WHERE company_id = $1 AND user_id = $2',
);
const INSERT = statement(
  'consent_insert',
  `INSERT INTO consent (company_id, id, user_id, purpose, text_version, granted)
   VALUES ($1, $2, $3, $4, $5, $6) RETURNING ${COLUMNS}`,
);

/**
 * What a user agreed to or took back, the latest first: the first of a purpose is what holds.
 * @throws AppError not_found, user_required
 */
export async function listConsents(
  ctx: Context,
  user_id: number,
  { limit, offset }: PageRequest,
): Promise<Page<Consent>> {
  await assertReached(ctx, user_id);
  const { db } = ctx.system;
  const [items, [count]] = await Promise.all([
    db.query<Consent>(LIST, [ctx.company_id, user_id, limit, offset]),
    db.query<{ total: number }>(COUNT, [ctx.company_id, user_id]),
  ]);
  return { items, total: count?.total ?? 0 };
}

/**
 * Writes down what a user agreed to or took back. Nothing is ever changed: a new word is a new entry.
 * @throws AppError not_found, user_required
 */
export const recordConsent = (ctx: Context, user_id: number, consent: ConsentCreate): Promise<Consent> =>
  transaction(ctx, async (tx) => {
    await lockOwner(tx, ctx, user_id);
    const { purpose, text_version, granted } = consent;
    const values = [ctx.company_id, uuidv7(), user_id, purpose, text_version, granted];
    return (await tx.query<Consent>(INSERT, values))[0] as Consent;
  });
