import type { z } from 'zod';
import type { Context } from '../../context.ts';
import { type Database, statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { notFound } from '../../errors.ts';
import type { Courtesy, CourtesyStatus } from '../../schemas/courtesies.ts';
import type { Change } from '../changes.ts';

export type CourtesyView = z.output<typeof Courtesy>;

/** A courtesy as its table has it. */
export interface CourtesyRecord {
  company_id: number;
  id: string;
  event_id: number;
  interface_id: number;
  ticket_type_id: number;
  section_id: number | null;
  seat_id: number | null;
  host: string | null;
  first_name: string | null;
  last_name: string | null;
  email: string | null;
  document_number: string | null;
  user_id: number | null;
  status: CourtesyStatus;
  ticket_id: string | null;
  job_id: string | null;
  position: number;
  mail: boolean;
  note: string | null;
  reason: string | null;
  decided_at: Date | null;
  expires_at: Date | null;
  created_at: Date;
  updated_at: Date;
  /** Of its ticket. */
  validated_at?: Date | null;
}

/** Every step a courtesy can take, as data. */
export const COURTESY_TRANSITIONS: Record<CourtesyStatus, readonly CourtesyStatus[]> = {
  requested: ['issued', 'rejected', 'expired', 'revoked'],
  issued: ['expired', 'revoked'],
  rejected: [],
  expired: [],
  revoked: [],
};

export const WITH_TICKET = `SELECT k.*, t.validated_at FROM courtesy k
  LEFT JOIN ticket t ON t.company_id = k.company_id AND t.id = k.ticket_id`;

const READ = statement(
  'courtesy_read',
  `${WITH_TICKET} WHERE k.company_id = $1 AND k.interface_id = $2 AND k.id = $3`,
);
const LOCK = statement(
  'courtesy_lock',
  'SELECT k.* FROM courtesy k WHERE k.company_id = $1 AND k.interface_id = $2 AND k.id = $3 FOR UPDATE',
);

/** @throws AppError not_found for one of another interface, too */
export async function readCourtesy(ctx: Context, id: string): Promise<CourtesyRecord> {
  const [row] = await ctx.system.db.query<CourtesyRecord>(READ, [ctx.company_id, ctx.interface.id, id]);
  if (!row) throw notFound('Courtesy');
  return row;
}

/** @throws AppError not_found */
export async function lockCourtesy(tx: Tx, ctx: Context, id: string): Promise<CourtesyRecord> {
  const [row] = await tx.query<CourtesyRecord>(LOCK, [ctx.company_id, ctx.interface.id, id]);
  if (!row) throw notFound('Courtesy');
  return row;
}

export async function presentCourtesies(
  ctx: Context,
  rows: readonly CourtesyRecord[],
  reader: Tx | Database = ctx.system.db,
): Promise<CourtesyView[]> {
  const seats = rows.flatMap(({ seat_id }) => seat_id ?? []);
  const labels = await ctx.system.seatLabels.of(reader, ctx.company_id, seats);
  return rows.map((row) => ({
    id: row.id,
    status: row.status,
    event_id: row.event_id,
    interface_id: row.interface_id,
    ticket_type_id: row.ticket_type_id,
    section_id: row.section_id,
    seat: row.seat_id === null ? null : (labels.get(row.seat_id) ?? null),
    host: row.host,
    guest: {
      first_name: row.first_name,
      last_name: row.last_name,
      email: row.email,
      document_number: row.document_number,
    },
    user_id: row.user_id,
    ticket_id: row.ticket_id,
    admitted_at: row.validated_at ?? null,
    job_id: row.job_id,
    note: row.note,
    reason: row.reason,
    decided_at: row.decided_at,
    expires_at: row.expires_at,
    created_at: row.created_at,
    updated_at: row.updated_at,
  }));
}

/** What the change feed tells of a courtesy: which, never whose. */
export const courtesyChange = (
  type: `courtesy.${CourtesyStatus}`,
  { company_id, id, interface_id, event_id, ticket_id, host }: CourtesyRecord,
): Change => ({
  company_id,
  type,
  interface_id,
  event_id,
  subject_id: id,
  data: { courtesy_id: id, event_id, ticket_id, host },
});
