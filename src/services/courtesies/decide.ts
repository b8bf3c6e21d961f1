import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { type Tx, transaction } from '../../db/transaction.ts';
import { AppError } from '../../errors.ts';
import type { CourtesyStatus, Decision } from '../../schemas/courtesies.ts';
import { recordAudit } from '../audit.ts';
import { assertFresh } from '../fresh.ts';
import { givePlaces } from '../inventory/give.ts';
import { endCourtesies } from './end.ts';
import { afterOverdue, placesFor } from './places.ts';
import {
  COURTESY_TRANSITIONS,
  type CourtesyRecord,
  type CourtesyView,
  lockCourtesy,
  presentCourtesies,
  readCourtesy,
} from './row.ts';
import { issueTickets } from './tickets.ts';

const APPROVE = statement(
  'courtesy_approve',
  `UPDATE courtesy SET status = 'issued', section_id = $4, seat_id = $5, ticket_id = $6, decided_by = $7,
     decided_at = now(), updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND id = $2 AND status = $3 RETURNING *`,
);

/**
 * Approves a courtesy that was asked for: only now it takes its place and becomes a ticket.
 * @throws AppError not_found; conflict when it waits for nobody; sold_out, seats_unavailable
 */
export async function approveCourtesy(ctx: Context, id: string): Promise<CourtesyView> {
  const { event_id } = await readCourtesy(ctx, id);
  return afterOverdue(ctx, event_id, () => approve(ctx, id));
}

const approve = (ctx: Context, id: string): Promise<CourtesyView> =>
  transaction(ctx, async (tx) => {
    const row = await lockCourtesy(tx, ctx, id);
    requireStep(row, 'issued');
    if (row.expires_at && row.expires_at <= ctx.now)
      throw new AppError('conflict', 'This courtesy has expired.', { courtesy_status: 'expired' });
    const guest = { ...row, row: row.position };
    const plan = { ...row, ...{ approval: false, expires_at: null, mode: 'atomic' as const } };
    const { places } = await placesFor(tx, ctx, plan, [guest]);
    const place = places[0]?.place;
    if (!place) throw new Error('no place and no refusal');
    const values = [ctx.company_id, id, row.status, place.section_id, place.seat_id, place.ticket_id];
    const [approved] = await tx.query<CourtesyRecord>(APPROVE, [...values, ctx.client_id]);
    if (!approved) throw new Error('a courtesy changed under its lock');
    await givePlaces(tx, ctx.company_id, [
      { ...place, event_id: row.event_id, ticket_type_id: row.ticket_type_id },
    ]);
    await issueTickets(tx, ctx, [approved]);
    await audit(tx, ctx, 'courtesy.approve', row, approved.status);
    return view(ctx, tx, approved);
  });

/**
 * Turns down a courtesy that was asked for; the quota of its host has it back.
 * @throws AppError not_found; conflict when it waits for nobody
 */
export const rejectCourtesy = (ctx: Context, id: string, decision: Decision): Promise<CourtesyView> =>
  transaction(ctx, async (tx) => {
    const row = await lockCourtesy(tx, ctx, id);
    requireStep(row, 'rejected');
    const reason = decision?.reason ?? null;
    const [rejected] = await endCourtesies(tx, [row], 'rejected', { reason, by: ctx.client_id });
    await audit(tx, ctx, 'courtesy.reject', row, 'rejected', reason);
    return view(ctx, tx, rejected as CourtesyRecord);
  });

/**
 * Takes a courtesy back whose guest has not come: its ticket is void, its place free, the quota of its host has it back.
 * @throws AppError not_found; precondition_failed; conflict when it was used or has ended
 */
export async function revokeCourtesy(ctx: Context, id: string): Promise<void> {
  await transaction(ctx, async (tx) => {
    const row = await lockCourtesy(tx, ctx, id);
    assertFresh(ctx, row.updated_at);
    requireStep(row, 'revoked');
    const [revoked] = await endCourtesies(tx, [row], 'revoked', { reason: null, by: ctx.client_id });
    if (!revoked)
      throw new AppError(
        'conflict',
        'The guest has come in on it, or passed it on: it can no longer be revoked.',
        {
          ticket_id: row.ticket_id,
        },
      );
    await audit(tx, ctx, 'courtesy.revoke', row, 'revoked');
  });
}

function requireStep({ status }: CourtesyRecord, to: CourtesyStatus): void {
  if (!COURTESY_TRANSITIONS[status].includes(to))
    throw new AppError('conflict', `This courtesy is ${status}.`, { courtesy_status: status });
}

const audit = (
  tx: Tx,
  ctx: Context,
  action: string,
  { id, status }: CourtesyRecord,
  after: CourtesyStatus,
  reason: string | null = null,
) =>
  recordAudit(tx, ctx, {
    ...{ action, subject_type: 'courtesy', subject_id: id },
    ...{ before: { status }, after: { status: after, ...(reason && { reason }) } },
  });

async function view(ctx: Context, tx: Tx, row: CourtesyRecord): Promise<CourtesyView> {
  const [shown] = await presentCourtesies(ctx, [row], tx);
  return shown as CourtesyView;
}
