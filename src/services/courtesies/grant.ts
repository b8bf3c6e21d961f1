import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import type { AppError } from '../../errors.ts';
import { uuidv7 } from '../../uuid.ts';
import { recordChanges } from '../changes.ts';
import { givePlaces } from '../inventory/give.ts';
import type { Invited } from './guests.ts';
import { type Place, placesFor } from './places.ts';
import { takeQuota } from './quotas.ts';
import { type CourtesyRecord, courtesyChange } from './row.ts';
import { issueTickets } from './tickets.ts';

/** What is given, to whom aside. Plain JSON: a job keeps it. */
export interface Plan {
  event_id: number;
  ticket_type_id: number;
  section_id: number | null;
  host: string | null;
  approval: boolean;
  /** ISO 8601. */
  expires_at: string | null;
  mode: 'atomic' | 'each';
  mail: boolean;
  note: string | null;
  job_id: string | null;
}

/** A guest who got none, and why. */
export interface Refused {
  guest: Invited;
  problem: AppError;
}

export interface Granted {
  rows: CourtesyRecord[];
  refused: Refused[];
}

const INSERT = statement(
  'courtesy_insert',
  `INSERT INTO courtesy (company_id, id, event_id, interface_id, ticket_type_id, host, client_id, job_id, mail, note,
     expires_at, status, section_id, seat_id, ticket_id, first_name, last_name, email, document_number, user_id, position)
   SELECT $1, r.id, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, r.section_id, r.seat_id, r.ticket_id, r.first_name,
     r.last_name, r.email, r.document_number, r.user_id, r.position
   FROM unnest($12::uuid[], $13::int[], $14::int[], $15::uuid[], $16::text[], $17::text[], $18::text[], $19::text[],
     $20::int[], $21::int[]) AS r (id, section_id, seat_id, ticket_id, first_name, last_name, email, document_number,
     user_id, position)
   RETURNING *`,
);

/**
 * Gives courtesies in the caller's transaction: quota of the host, places, tickets. With an approval to come it takes
 * the quota only.
 * @returns in mode each, those who got none beside those who did
 * @throws AppError limit_exceeded and sold_out, in mode atomic; validation_failed for a host without a quota;
 *   OverdueInTheWay
 */
export async function grant(tx: Tx, ctx: Context, plan: Plan, guests: readonly Invited[]): Promise<Granted> {
  const quota = await takeQuota(tx, ctx, plan, guests.length);
  const within = guests.slice(0, quota.taken);
  const refused: Refused[] = guests.slice(quota.taken).map((guest) => ({ guest, problem: quota.refusal() }));
  const waits = plan.approval || quota.approval;
  if (waits) {
    const rows = await insert(
      tx,
      ctx,
      plan,
      'requested',
      within.map((guest) => ({ guest, place: null })),
    );
    await recordChanges(
      tx,
      rows.map((row) => courtesyChange('courtesy.requested', row)),
    );
    return { rows, refused };
  }
  const placed = await placesFor(tx, ctx, plan, within);
  if (placed.refused.length) await quota.giveBack(placed.refused.length);
  const rows = await insert(tx, ctx, plan, 'issued', placed.places);
  await givePlaces(
    tx,
    ctx.company_id,
    placed.places.map(({ place }) => ({
      ...place,
      event_id: plan.event_id,
      ticket_type_id: plan.ticket_type_id,
    })),
  );
  await issueTickets(tx, ctx, rows);
  return { rows, refused: [...refused, ...placed.refused] };
}

async function insert(
  tx: Tx,
  ctx: Context,
  plan: Plan,
  status: 'requested' | 'issued',
  given: readonly { guest: Invited; place: Place | null }[],
): Promise<CourtesyRecord[]> {
  if (!given.length) return [];
  const ofGuest = <K extends keyof Invited>(field: K) => given.map(({ guest }) => guest[field]);
  return tx.query<CourtesyRecord>(INSERT, [
    ...[ctx.company_id, plan.event_id, ctx.interface.id, plan.ticket_type_id, plan.host, ctx.client_id],
    ...[plan.job_id, plan.mail, plan.note, plan.expires_at, status],
    given.map(() => uuidv7()),
    given.map(({ place }) => place?.section_id ?? plan.section_id),
    given.map(({ place, guest }) => place?.seat_id ?? guest.seat_id),
    given.map(({ place }) => place?.ticket_id ?? null),
    ofGuest('first_name'),
    ofGuest('last_name'),
    ofGuest('email'),
    ofGuest('document_number'),
    ofGuest('user_id'),
    ofGuest('row'),
  ]);
}
