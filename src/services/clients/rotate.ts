import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { transaction } from '../../db/transaction.ts';
import { createClientSecret, hashSecret } from '../oauth/client-auth.ts';
import { authChanged, bumpAuthRevision } from '../oauth/revision.ts';
import { lockAccess } from './lock.ts';
import { type ClientView, lockClient, readClient } from './row.ts';
import { auditClient } from './write.ts';

const A_DAY = 86_400;

// A secret older than the one until now is worth nothing from here on: at most two are good at a time.
const ROTATE = statement(
  'client_rotate_secret',
  `UPDATE client SET old_secret_hash = CASE WHEN $4::int > 0 THEN secret_hash END,
     old_secret_expires_at = CASE WHEN $4 > 0 THEN now() + $4 * interval '1 second' END,
     secret_hash = $3, updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND id = $2`,
);

/**
 * Gives a client a new secret, told in this answer only. The one until now stays good for a while, so that a roll-out
 * needs no outage.
 * @throws AppError not_found, precondition_failed
 */
export async function rotateClientSecret(
  ctx: Context,
  client_id: string,
  overlap_seconds = A_DAY,
): Promise<ClientView> {
  const secret = createClientSecret();
  const rotated = await transaction(ctx, async (tx) => {
    await lockAccess(tx, ctx.company_id);
    const before = await lockClient(tx, ctx.company_id, client_id);
    await tx.execute(ROTATE, [ctx.company_id, client_id, hashSecret(secret), overlap_seconds]);
    const after = await readClient(tx, ctx.company_id, client_id);
    await auditClient(tx, ctx, 'rotate_secret', before, after);
    await bumpAuthRevision(tx);
    return { ...after, secret };
  });
  await authChanged(ctx.system);
  return rotated;
}
