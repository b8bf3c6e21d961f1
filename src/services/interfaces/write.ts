import type { z } from 'zod';
import type { Context, SalesChannel } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { type Tx, transaction } from '../../db/transaction.ts';
import { AppError, fieldError, notFound } from '../../errors.ts';
import type { InterfaceCreate, InterfacePatch } from '../../schemas/clients.ts';
import type { Interface } from '../../schemas/resources.ts';
import { recordAudit } from '../audit.ts';
import { lockAccess } from '../clients/lock.ts';
import { assertFresh } from '../fresh.ts';
import { authChanged, bumpAuthRevision } from '../oauth/revision.ts';

export type InterfaceView = z.output<typeof Interface>;

interface InterfaceRow extends Omit<SalesChannel, 'company_id'> {
  active: boolean;
  created_at: Date;
  updated_at: Date;
}

const COLUMNS = `id, name, kind, active, currency, time_zone, language, allowed_origins, hold_seconds, max_hold_seconds,
  payment_seconds, payment_methods, created_at, updated_at`;

// What is left out gets the column's default.
const INSERT = statement(
  'interface_insert',
  `INSERT INTO interface (company_id, name, kind, currency, time_zone, language)
   VALUES ($1, $2, $3, $4, $5, $6) RETURNING ${COLUMNS}`,
);
const LOCK = statement(
  'interface_lock',
  `SELECT ${COLUMNS} FROM interface WHERE company_id = $1 AND id = $2 FOR UPDATE`,
);
const UPDATE = statement(
  'interface_update',
  `UPDATE interface SET name = $3, kind = $4, active = $5, time_zone = $6, language = $7, allowed_origins = $8,
     hold_seconds = $9, max_hold_seconds = $10, payment_seconds = $11, payment_methods = $12,
     updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND id = $2 RETURNING ${COLUMNS}`,
);
const DEFAULT_OF = statement(
  'interface_default_of',
  `SELECT id FROM client WHERE company_id = $1 AND default_interface_id = $2 AND active ORDER BY id LIMIT 100`,
);
const DEFAULT = statement(
  'interface_is_default',
  'SELECT default_interface_id AS id FROM client WHERE company_id = $1 AND id = $2',
);

/**
 * Opens a sales channel. No client may use it before it is granted to it, no event sells on it before it is told to.
 * @throws AppError validation_failed
 */
export async function createInterface(
  ctx: Context,
  body: z.output<typeof InterfaceCreate>,
): Promise<InterfaceView> {
  const { name, kind, currency, time_zone, language = ctx.interface.language, ...more } = body;
  const made = await transaction(ctx, async (tx) => {
    await lockAccess(tx, ctx.company_id);
    const values = [ctx.company_id, name, kind, currency, time_zone, language];
    const [inserted] = await tx.query<InterfaceRow>(INSERT, values);
    const created = await write(tx, ctx, {
      ...(inserted as InterfaceRow),
      ...(more as Partial<InterfaceRow>),
    });
    await audit(tx, ctx, 'create', null, created);
    await bumpAuthRevision(tx);
    return present(created, false);
  });
  await authChanged(ctx.system);
  return made;
}

/**
 * Changes what is given and leaves the rest; in every process within a second.
 * @throws AppError not_found, precondition_failed, validation_failed; conflict when clients would lose their default
 *   interface by it
 */
export async function updateInterface(
  ctx: Context,
  interface_id: number,
  changes: z.output<typeof InterfacePatch>,
): Promise<InterfaceView> {
  const changed = await transaction(ctx, (tx) =>
    change(tx, ctx, interface_id, changes as Partial<InterfaceRow>),
  );
  await authChanged(ctx.system);
  return changed;
}

/**
 * Takes an interface out of use: its carts, tickets and books stay, and PATCH brings it back.
 * @throws AppError not_found, precondition_failed; conflict as for a PATCH
 */
export async function deactivateInterface(ctx: Context, interface_id: number): Promise<void> {
  await transaction(ctx, async (tx) => {
    await change(tx, ctx, interface_id, { active: false });
  });
  await authChanged(ctx.system);
}

async function change(
  tx: Tx,
  ctx: Context,
  interface_id: number,
  changes: Partial<InterfaceRow>,
): Promise<InterfaceView> {
  await lockAccess(tx, ctx.company_id);
  const [before] = await tx.query<InterfaceRow>(LOCK, [ctx.company_id, interface_id]);
  if (!before) throw notFound('Interface');
  assertFresh(ctx, before.updated_at);
  if (before.active && changes.active === false)
    await requireNobodysDefault(tx, ctx.company_id, interface_id);
  const after = await write(tx, ctx, { ...before, ...changes });
  await audit(tx, ctx, 'update', before, after);
  const [client] = await tx.query<{ id: number }>(DEFAULT, [ctx.company_id, ctx.client_id]);
  await bumpAuthRevision(tx);
  return present(after, client?.id === interface_id);
}

/** Clients whose requests name no interface would be shut out: they must be given another one first. */
async function requireNobodysDefault(tx: Tx, company_id: number, interface_id: number): Promise<void> {
  const clients = await tx.query<{ id: string }>(DEFAULT_OF, [company_id, interface_id]);
  if (clients.length)
    throw new AppError(
      'conflict',
      'It is the default interface of active clients: give them another one first.',
      {
        client_ids: clients.map(({ id }) => id),
      },
    );
}

async function write(tx: Tx, ctx: Context, row: InterfaceRow): Promise<InterfaceRow> {
  if (row.max_hold_seconds < row.hold_seconds)
    throw fieldError('/max_hold_seconds', 'It must not be shorter than hold_seconds.');
  const [written] = await tx.query<InterfaceRow>(UPDATE, [
    ctx.company_id,
    row.id,
    row.name,
    row.kind,
    row.active,
    row.time_zone,
    row.language,
    row.allowed_origins,
    row.hold_seconds,
    row.max_hold_seconds,
    row.payment_seconds,
    row.payment_methods,
  ]);
  return written as InterfaceRow;
}

const present = (row: InterfaceRow, isDefault: boolean): InterfaceView => ({ ...row, default: isDefault });

const audit = (tx: Tx, ctx: Context, act: string, before: InterfaceRow | null, after: InterfaceRow) =>
  recordAudit(tx, ctx, {
    action: `interface.${act}`,
    subject_type: 'interface',
    subject_id: String(after.id),
    before: before && { ...before },
    after: { ...after },
  });
