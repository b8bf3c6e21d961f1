import type { z } from 'zod';
import type { Context } from '../../context.ts';
import type { Tx } from '../../db/transaction.ts';
import { transaction } from '../../db/transaction.ts';
import { AppError, fieldError } from '../../errors.ts';
import { AT_ONCE, type CourtesyRow, type IssueCourtesies } from '../../schemas/courtesies.ts';
import type { Job } from '../../schemas/jobs.ts';
import { startGiving } from './give-job.ts';
import { type Granted, grant, type Plan } from './grant.ts';
import { type BadRow, badRows, type Invited, invitedBy } from './guests.ts';
import { afterOverdue, offerOf } from './places.ts';
import { presentCourtesies } from './row.ts';

export type RowView = z.output<typeof CourtesyRow>;

/** What was given at once, guest by guest, or the job that gives it. */
export type Issued = { courtesies: RowView[] } | { job: Job };

/**
 * Gives free tickets to guests, users or the rows of a CSV; more than 50 by a job, but for a dry run, which answers for all.
 * @throws AppError not_found for the event; validation_failed for type, section, host, time, and in mode atomic for any
 *   bad row; conflict when the event gives no tickets; limit_exceeded, sold_out, seats_unavailable in mode atomic
 */
export async function issueCourtesies(ctx: Context, body: IssueCourtesies): Promise<Issued> {
  const { event_id, ticket_type_id, expires_at } = body;
  const plan: Plan = {
    ...{ event_id, ticket_type_id, section_id: body.section_id ?? null, host: body.host ?? null },
    ...{ approval: body.approval ?? false, mode: body.mode ?? 'atomic', mail: body.mail ?? true },
    ...{ expires_at: expires_at?.toISOString() ?? null, note: body.note ?? null, job_id: null },
  };
  await offerOf(ctx, plan);
  if (expires_at && expires_at <= ctx.now) throw fieldError('/expires_at', 'Must be in the future.');
  const { invited, bad } = await invitedBy(ctx, body);
  if (bad.length && plan.mode === 'atomic') throw badRows(bad);
  if (invited.length > AT_ONCE && !ctx.dry_run) return startGiving(ctx, plan, invited, bad);
  return afterOverdue(ctx, event_id, () =>
    transaction(ctx, async (tx) => {
      const granted = invited.length ? await grant(tx, ctx, plan, invited) : { rows: [], refused: [] };
      return { courtesies: await rowsOf(ctx, tx, plan, granted, bad) };
    }),
  );
}

/** One answer a guest, in the order of the request. */
async function rowsOf(
  ctx: Context,
  tx: Tx,
  plan: Plan,
  { rows, refused }: Granted,
  bad: readonly BadRow[],
): Promise<RowView[]> {
  const views = await presentCourtesies(ctx, rows, tx);
  const given = views.map(
    (view, i): RowView => ({
      row: rows[i]?.position as number,
      ...view,
      problem: null,
    }),
  );
  const turned = refused.map(({ guest, problem }) => refusedRow(ctx, plan, guest, problem));
  const faulty = bad.map(({ row, faults }) =>
    refusedRow(ctx, plan, nobody(row), new AppError('validation_failed', 'Not valid.', { errors: faults })),
  );
  return [...given, ...turned, ...faulty].sort((a, b) => a.row - b.row);
}

const nobody = (row: number): Invited => ({
  row,
  ...{ first_name: null, last_name: null, email: null, document_number: null, seat_id: null, user_id: null },
});

function refusedRow(ctx: Context, plan: Plan, guest: Invited, { code, message, facts }: AppError): RowView {
  const { row, user_id, seat_id: _, ...person } = guest;
  return {
    ...{ row, id: null, status: 'refused', event_id: plan.event_id, interface_id: ctx.interface.id },
    ...{ ticket_type_id: plan.ticket_type_id, section_id: plan.section_id, seat: null, host: plan.host },
    ...{ guest: person, user_id, ticket_id: null, admitted_at: null, job_id: null, note: plan.note },
    ...{ reason: null, decided_at: null, expires_at: plan.expires_at ? new Date(plan.expires_at) : null },
    ...{ created_at: ctx.now, updated_at: ctx.now },
    problem: { code, detail: message, ...(facts.errors && { errors: facts.errors }) },
  };
}
