import { randomBytes } from 'node:crypto';
import type { z } from 'zod';
import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { type Tx, transaction } from '../../db/transaction.ts';
import { AppError, type FieldFault } from '../../errors.ts';
import type { ClientCreate, ClientPatch } from '../../schemas/clients.ts';
import { recordAudit } from '../audit.ts';
import { assertFresh } from '../fresh.ts';
import { createClientSecret, hashSecret } from '../oauth/client-auth.ts';
import { authChanged, bumpAuthRevision } from '../oauth/revision.ts';
import { assertNotLockedOut, lockAccess } from './lock.ts';
import { type ClientRow, type ClientView, lockClient, readClient } from './row.ts';

const INSERT = statement(
  'client_insert',
  `INSERT INTO client (company_id, id, name, secret_hash, scopes, default_interface_id, rate_limit)
   VALUES ($1, $2, $3, $4, $5, $6, $7)`,
);
const UPDATE = statement(
  'client_update',
  `UPDATE client SET name = $3, scopes = $4, default_interface_id = $5, rate_limit = $6, active = $7,
     updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND id = $2`,
);
const REVOKE_INTERFACES = statement(
  'client_revoke_interfaces',
  'DELETE FROM client_interface WHERE company_id = $1 AND client_id = $2 AND interface_id <> ALL($3::int[])',
);
const GRANT_INTERFACES = statement(
  'client_grant_interfaces',
  `INSERT INTO client_interface (company_id, client_id, interface_id)
   SELECT $1, $2, i FROM unnest($3::int[]) AS i ON CONFLICT DO NOTHING`,
);
const INTERFACES = statement(
  'client_interfaces_known',
  'SELECT id, active FROM interface WHERE company_id = $1 AND id = ANY($2::int[])',
);

/**
 * Makes a client. Its secret is in this answer and nowhere else: it is stored as a hash.
 * @throws AppError validation_failed for interfaces that the company does not have
 */
export async function createClient(ctx: Context, body: z.output<typeof ClientCreate>): Promise<ClientView> {
  const { name, scopes, interface_ids, default_interface_id, rate_limit = null } = body;
  const id = `client-${randomBytes(9).toString('hex')}`;
  const secret = createClientSecret();
  const made = await transaction(ctx, async (tx) => {
    await lockAccess(tx, ctx.company_id);
    await assertInterfaces(tx, ctx.company_id, body);
    const values = [ctx.company_id, id, name, hashSecret(secret), scopes, default_interface_id, rate_limit];
    await tx.execute(INSERT, values);
    await tx.execute(GRANT_INTERFACES, [ctx.company_id, id, interface_ids]);
    const client = await readClient(tx, ctx.company_id, id);
    await auditClient(tx, ctx, 'create', null, client);
    await bumpAuthRevision(tx);
    return { ...client, secret };
  });
  await authChanged(ctx.system);
  return made;
}

/**
 * Changes what is given and leaves the rest; in every process within a second, for tokens that exist already too.
 * @throws AppError not_found, precondition_failed, validation_failed; conflict when nobody could manage the company after it
 */
export async function updateClient(
  ctx: Context,
  client_id: string,
  changes: z.output<typeof ClientPatch>,
): Promise<ClientView> {
  const changed = await transaction(ctx, (tx) => change(tx, ctx, client_id, changes as Partial<ClientRow>));
  await authChanged(ctx.system);
  return changed;
}

/**
 * Takes a client out of use: what it did stays in the books, and PATCH brings it back.
 * @throws AppError not_found, precondition_failed; conflict when nobody could manage the company after it
 */
export async function deactivateClient(ctx: Context, client_id: string): Promise<void> {
  await transaction(ctx, async (tx) => {
    await change(tx, ctx, client_id, { active: false });
  });
  await authChanged(ctx.system);
}

async function change(
  tx: Tx,
  ctx: Context,
  client_id: string,
  changes: Partial<ClientRow>,
): Promise<ClientRow> {
  const { company_id } = ctx;
  await lockAccess(tx, company_id);
  const before = await lockClient(tx, company_id, client_id);
  assertFresh(ctx, before.updated_at);
  const next = { ...before, ...changes };
  // A client that is not active keeps an interface that has been stopped since; it cannot come back with it.
  if (next.active) await assertInterfaces(tx, company_id, next);
  const { name, scopes, default_interface_id, rate_limit, active, interface_ids } = next;
  await tx.execute(UPDATE, [company_id, client_id, name, scopes, default_interface_id, rate_limit, active]);
  await tx.execute(REVOKE_INTERFACES, [company_id, client_id, interface_ids]);
  await tx.execute(GRANT_INTERFACES, [company_id, client_id, interface_ids]);
  await assertNotLockedOut(tx, company_id);
  const after = await readClient(tx, company_id, client_id);
  await auditClient(tx, ctx, 'update', before, after);
  await bumpAuthRevision(tx);
  return after;
}

/** The interfaces are the company's, and the default is an active one of them. */
async function assertInterfaces(
  tx: Tx,
  company_id: number,
  { interface_ids, default_interface_id }: Pick<ClientRow, 'interface_ids' | 'default_interface_id'>,
): Promise<void> {
  const rows = await tx.query<{ id: number; active: boolean }>(INTERFACES, [company_id, interface_ids]);
  const known = new Map(rows.map(({ id, active }) => [id, active]));
  const errors = interface_ids.flatMap((id, i): FieldFault[] =>
    known.has(id)
      ? []
      : [{ pointer: `/interface_ids/${i}`, code: 'not_found', message: 'There is no such interface.' }],
  );
  if (!interface_ids.includes(default_interface_id))
    errors.push({
      pointer: '/default_interface_id',
      code: 'not_granted',
      message: 'It must be one of interface_ids.',
    });
  else if (known.get(default_interface_id) === false)
    errors.push({ pointer: '/default_interface_id', code: 'not_active', message: 'It is not active.' });
  if (errors.length)
    throw new AppError('validation_failed', 'The client cannot have these interfaces.', { errors });
}

/** Writes down what was done to a client; secrets are never among it. */
export const auditClient = (
  tx: Tx,
  ctx: Context,
  act: string,
  before: ClientRow | null,
  after: ClientRow,
): Promise<void> =>
  recordAudit(tx, ctx, {
    action: `client.${act}`,
    subject_type: 'client',
    subject_id: after.id,
    before: before && { ...before },
    after: { ...after },
  });
