import type { Context } from '../../context.ts';
import { type Statement, statement } from '../../db/client.ts';
import { type Tx, transaction } from '../../db/transaction.ts';
import { notFound } from '../../errors.ts';
import { recordAudit } from '../audit.ts';
import { recordChanges } from '../changes.ts';
import { assertFresh } from '../fresh.ts';
import { dequeue } from '../jobs/queue.ts';
import { authChanged } from '../oauth/revision.ts';
import { revokeSessionsOfUser } from '../oauth/sessions.ts';
import { endSubscriptionsOf } from '../subscriptions/end.ts';
import { resetTaskKey } from './password-reset.ts';
import { PERSONAL_TABLES, type PersonalTable, whereTheirs } from './personal-data.ts';
import { reach } from './row.ts';

const LOCK = statement(
  'user_lock_to_erase',
  `SELECT email_key, email_verified_at IS NOT NULL AS verified, updated_at FROM user_account
   WHERE company_id = $1 AND id = $2 AND ($3::int IS NULL OR id = $3) AND erased_at IS NULL FOR UPDATE`,
);

interface Person {
  email_key: string;
  verified: boolean;
  updated_at: Date;
}

// An answer kept for repetitions may show the person for another day: of what was about them, or is theirs. Repeated,
// it says that they are gone; to forget the key would let the request have its effect again.
const ERASE_ANSWERS = statement(
  'idempotency_erase',
  `WITH touched AS (
     SELECT id::text FROM cart WHERE company_id = $1 AND updated_at > now() - interval '25 hours'
       AND (user_id = $2 OR (user_id IS NULL AND email IS NOT NULL AND lower(email) = $4))
     UNION ALL SELECT id::text FROM ticket
       WHERE company_id = $1 AND user_id = $2 AND updated_at > now() - interval '25 hours')
   UPDATE idempotency_key k SET result = $3
   WHERE k.company_id = $1 AND k.answered AND k.result -> 'result' IS NOT NULL
     AND (k.result #>> '{result,user_id}' = $2::int::text
       OR (k.result #>> '{result,id}' = $2::int::text AND k.result -> 'result' ? 'email_verified_at')
       OR EXISTS (SELECT FROM touched t WHERE strpos(k.result::text, t.id) > 0))`,
);
const GONE = {
  refusal: {
    ...{ code: 'not_found', detail: 'The person whom this answer was about has been erased.' },
    ...{ facts: {}, headers: {} },
  },
};

// Files that were exported may show the person, in any of their parts. They are copies, made again in a moment.
const ERASE_FILES = statement(
  'export_erase',
  `WITH gone AS (
     UPDATE export SET expires_at = now() WHERE company_id = $1 AND finished_at IS NOT NULL AND expires_at > now()
     RETURNING id)
   DELETE FROM export_chunk c USING gone g WHERE c.company_id = $1 AND c.export_id = g.id`,
);

/**
 * Erases a person: what names them goes, in every table (users/personal-data.ts); books, tickets and stock stay and stay
 * valid. Subscriptions end, and what of them waits in carts with them. The account cannot be used again, and all its
 * sessions end. Users erase themselves; `admin` anybody.
 * @throws AppError not_found, user_required, precondition_failed
 */
export async function eraseUser(ctx: Context, user_id: number): Promise<void> {
  const reached = reach(ctx, ['admin']);
  await transaction(ctx, async (tx) => {
    const { company_id } = ctx;
    const [person] = await tx.query<Person>(LOCK, [company_id, user_id, reached]);
    if (!person) throw notFound('User');
    assertFresh(ctx, person.updated_at);
    const proved = person.verified ? person.email_key : null;
    await tx.execute(ERASE_ANSWERS, [company_id, user_id, JSON.stringify(GONE), proved]);
    await tx.execute(ERASE_FILES, [company_id]);
    await dequeue(tx, [resetTaskKey(company_id, person.email_key)]);
    await endSubscriptionsOf(tx, ctx, user_id);
    await eraseRows(tx, [company_id, user_id, proved]);
    const subject_id = String(user_id);
    await recordAudit(tx, ctx, {
      ...{ action: 'user.erase', subject_type: 'user', subject_id, before: null, after: null },
    });
    await recordChanges(tx, [
      { company_id, type: 'user.erased', interface_id: null, event_id: null, subject_id, data: { user_id } },
    ]);
    await revokeSessionsOfUser(tx, { company_id, user_id }, 'user_erased');
  });
  await authChanged(ctx.system);
}

const STATEMENTS: readonly Statement[] = PERSONAL_TABLES.flatMap((personal) => eraser(personal) ?? []);

async function eraseRows(tx: Tx, values: readonly unknown[]): Promise<void> {
  for (const erase of STATEMENTS) await tx.execute(erase, values);
}

function eraser({ table, of, erase }: PersonalTable): Statement | undefined {
  if (erase === 'keep') return undefined;
  const where = whereTheirs(of);
  if (erase === 'delete') return statement(`erase_${table}`, `DELETE FROM ${table} ${where}`);
  const set = Object.entries(erase).map(([column, value]) => `${column} = ${value}`);
  return statement(`erase_${table}`, `UPDATE ${table} SET ${set.join(', ')} ${where}`);
}
