import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { type Tx, transaction } from '../../db/transaction.ts';
import { AppError, fieldError } from '../../errors.ts';
import type { BulkMode, RowResult } from '../../schemas/bulk.ts';
import { NewCode, type PatchCode, valueFault } from '../../schemas/codes.ts';
import { recordAudit } from '../audit.ts';
import { bulkRows } from '../bulk.ts';
import { loadEvent } from '../events/row.ts';
import { assertFresh } from '../fresh.ts';
import { lockCodes } from '../inventory/codes.ts';
import { type CodeRecordView, codeRecord } from './read.ts';

// Whoever makes codes of an event holds the lock of its row: two codes never differ in case alone.
const LOCK_EVENT = statement(
  'code_lock_event',
  'UPDATE event SET version = version + 1 WHERE company_id = $1 AND id = $2',
);
const TAKEN = statement(
  'code_taken',
  'SELECT id FROM code WHERE company_id = $1 AND upper(code) = upper($3) AND event_id = $2',
);
const INSERT = statement(
  'code_insert',
  `INSERT INTO code (company_id, event_id, code, label, kind, value, ticket_type_ids, max_uses, max_uses_per_user,
     stackable, starts_at, ends_at, active)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING id`,
);
const TYPES = statement(
  'code_types',
  'SELECT id FROM ticket_type WHERE company_id = $1 AND event_id = $2 AND id = ANY($3::int[])',
);

/** The columns of a code that a request sets, in the order of the statements that write them. */
export const termsOf = (body: Omit<NewCode, 'code'>): unknown[] => [
  body.label ?? null,
  body.kind,
  body.value ?? 0,
  body.ticket_type_ids ?? [],
  body.max_uses ?? null,
  body.max_uses_per_user ?? null,
  body.stackable ?? false,
  body.starts_at ?? null,
  body.ends_at ?? null,
  body.active ?? true,
];

/** @throws AppError validation_failed naming every type that is none of the event's */
export async function requireTypes(
  tx: Tx,
  ctx: Context,
  event_id: number,
  ids: readonly number[] = [],
): Promise<void> {
  if (!ids.length) return;
  const rows = await tx.query<{ id: number }>(TYPES, [ctx.company_id, event_id, ids]);
  const known = new Set(rows.map((row) => row.id));
  const errors = ids.flatMap((id, i) =>
    known.has(id)
      ? []
      : [
          {
            pointer: `/ticket_type_ids/${i}`,
            code: 'not_found',
            message: `The event has no ticket type ${id}.`,
          },
        ],
  );
  if (errors.length)
    throw new AppError('validation_failed', 'Some ticket types are not of this event.', { errors });
}

/**
 * Makes a code.
 * @throws AppError not_found, validation_failed; conflict when the event has one that differs in case at most
 */
export async function createCode(ctx: Context, event_id: number, body: NewCode): Promise<CodeRecordView> {
  await loadEvent(ctx, event_id);
  return transaction(ctx, async (tx) => {
    await tx.execute(LOCK_EVENT, [ctx.company_id, event_id]);
    return insert(tx, ctx, event_id, body);
  });
}

/**
 * Makes many codes that were thought of, all of them or each by itself.
 * @returns one result a row, in order
 * @throws AppError as bulkRows does; not_found
 */
export async function createCodeRows(
  ctx: Context,
  event_id: number,
  mode: BulkMode | undefined,
  rows: readonly unknown[],
): Promise<RowResult[]> {
  await loadEvent(ctx, event_id);
  return transaction(ctx, async (tx) => {
    await tx.execute(LOCK_EVENT, [ctx.company_id, event_id]);
    return bulkRows(tx, mode, rows, {
      ...{ name: 'codes', root: 'code', row: NewCode },
      write: (part, body) => insert(part, ctx, event_id, body),
    });
  });
}

async function insert(tx: Tx, ctx: Context, event_id: number, body: NewCode): Promise<CodeRecordView> {
  await requireTypes(tx, ctx, event_id, body.ticket_type_ids);
  if ((await tx.query(TAKEN, [ctx.company_id, event_id, body.code])).length)
    throw new AppError('conflict', 'The event has this code already.', { code_text: body.code });
  const values = [ctx.company_id, event_id, body.code, ...termsOf(body)];
  const [row] = await tx.query<{ id: number }>(INSERT, values);
  const after = await codeRecord(ctx, event_id, (row as { id: number }).id, tx);
  await recordAudit(tx, ctx, {
    ...{ action: 'code.create', subject_type: 'code', subject_id: String(after.id) },
    ...{ before: null, after: { ...after } },
  });
  return after;
}

const PATCH = statement(
  'code_patch',
  `UPDATE code SET label = $4, value = $5, ticket_type_ids = $6, max_uses = $7, max_uses_per_user = $8, stackable = $9,
     starts_at = $10, ends_at = $11, active = $12, updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND event_id = $2 AND id = $3`,
);

/**
 * Changes a code. Carts that have it keep it, and the price it made, until they are priced anew.
 * @throws AppError not_found, precondition_failed, validation_failed; conflict for fewer uses than are held or used
 */
export async function patchCode(
  ctx: Context,
  event_id: number,
  code_id: number,
  body: PatchCode,
): Promise<CodeRecordView> {
  await loadEvent(ctx, event_id);
  return transaction(ctx, async (tx) => {
    await lockCodes(tx, ctx.company_id, [code_id]);
    const before = await codeRecord(ctx, event_id, code_id, tx);
    assertFresh(ctx, before.updated_at);
    await requireTypes(tx, ctx, event_id, body.ticket_type_ids);
    const set = { ...before, ...withoutUndefined(body) };
    requireSound(set, body);
    await tx.execute(PATCH, [
      ...[ctx.company_id, event_id, code_id, set.label, set.value, set.ticket_type_ids],
      ...[set.max_uses, set.max_uses_per_user, set.stackable, set.starts_at, set.ends_at, set.active],
    ]);
    const after = await codeRecord(ctx, event_id, code_id, tx);
    await recordAudit(tx, ctx, {
      ...{ action: 'code.update', subject_type: 'code', subject_id: String(code_id) },
      ...{ before: { ...before }, after: { ...after } },
    });
    return after;
  });
}

function requireSound(code: CodeRecordView, body: PatchCode): void {
  const wrong = body.value === undefined ? undefined : valueFault(code.kind, body.value);
  if (wrong) throw fieldError('/value', wrong);
  if (code.starts_at && code.ends_at && code.starts_at >= code.ends_at)
    throw fieldError(body.ends_at ? '/ends_at' : '/starts_at', 'must leave some time between start and end');
  if (code.max_uses !== null && code.held + code.used > code.max_uses)
    throw new AppError('conflict', `It is held or used ${code.held + code.used} times already.`, {
      held: code.held,
      used: code.used,
    });
}

const withoutUndefined = (body: PatchCode): Partial<CodeRecordView> =>
  Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));

const REMOVE = statement(
  'code_delete',
  `DELETE FROM code d WHERE d.company_id = $1 AND d.event_id = $2 AND d.id = $3 AND d.held = 0 AND d.used = 0
     AND NOT EXISTS (SELECT FROM block b WHERE b.company_id = d.company_id AND b.code_id = d.id)`,
);

/**
 * Takes a code away that nobody has used; one that was used is switched off instead (PATCH active).
 * @throws AppError not_found, precondition_failed, conflict
 */
export async function deleteCode(ctx: Context, event_id: number, code_id: number): Promise<void> {
  await loadEvent(ctx, event_id);
  return transaction(ctx, async (tx) => {
    await lockCodes(tx, ctx.company_id, [code_id]);
    const before = await codeRecord(ctx, event_id, code_id, tx);
    assertFresh(ctx, before.updated_at);
    if (!(await tx.execute(REMOVE, [ctx.company_id, event_id, code_id])))
      throw new AppError('conflict', 'Carts or allotments have this code: switch it off instead.', {
        held: before.held,
        used: before.used,
      });
    await recordAudit(tx, ctx, {
      ...{ action: 'code.delete', subject_type: 'code', subject_id: String(code_id) },
      ...{ before: { ...before }, after: null },
    });
  });
}
