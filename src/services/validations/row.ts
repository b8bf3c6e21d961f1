import type { z } from 'zod';
import type { Context } from '../../context.ts';
import { type Database, statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import type { Rejection, Validation } from '../../schemas/validations.ts';
import type { SeatLabel } from '../maps/seat-labels.ts';
import { presentScanned, type TicketRow } from '../tickets/row.ts';

export type ValidationView = z.output<typeof Validation>;

/** A scan as its table has it. */
export interface ValidationRow {
  company_id: number;
  id: string;
  event_id: number;
  ticket_id: string | null;
  gate_id: number | null;
  result: 'accepted' | 'rejected';
  reason: Rejection | null;
  direction: 'entry' | 'exit';
  forced: boolean;
  force_reason: string | null;
  /** At an inner gate, and the zone that it leads to. */
  inner: boolean;
  zone: string | null;
  net: -1 | 0 | 1;
  scanned_at: Date;
  client_id: string;
  interface_id: number;
  nonce: string | null;
  undone_at: Date | null;
  undone_by: string | null;
  created_at: Date;
  manual: boolean;
  offline: boolean;
  device_id: string | null;
  device_time: Date | null;
  conflict: Rejection | null;
  conflict_id: string | null;
}

/** What the change feed tells of a scan that somebody went through on. */
export const passageOf = ({ id, direction, gate_id, inner }: ValidationRow) => ({
  ...{ validation_id: id, direction, gate_id },
  ...(inner && { inner }),
});

/** Scans are seen wherever their event is, whichever channel the gate or the ticket belongs to: SQL over `v`. */
export const VALIDATION_ACCESS = `v.company_id = $1 AND EXISTS (
  SELECT FROM event_interface i
  WHERE i.company_id = v.company_id AND i.event_id = v.event_id AND i.interface_id = $2)`;

const TICKETS = statement(
  'validation_tickets',
  'SELECT t.* FROM ticket t WHERE t.company_id = $1 AND t.id = ANY($2::uuid[])',
);

/** Scans with their tickets as they are now. */
export async function presentValidations(
  ctx: Context,
  rows: readonly ValidationRow[],
  reader: Tx | Database = ctx.system.db,
): Promise<ValidationView[]> {
  const ids = [...new Set(rows.flatMap((row) => row.ticket_id ?? []))];
  const tickets = ids.length ? await reader.query<TicketRow>(TICKETS, [ctx.company_id, ids]) : [];
  const seats = tickets.flatMap((ticket) => ticket.seat_id ?? []);
  const labels = await ctx.system.seatLabels.of(reader, ctx.company_id, seats);
  const byId = new Map(tickets.map((ticket) => [ticket.id, ticket]));
  return rows.map((row) => presentValidation(ctx, row, byId.get(row.ticket_id ?? ''), labels));
}

/** A ticket for another event is shown when it belongs to the caller's own channel; of others its id must do. */
export function presentValidation(
  ctx: Context,
  row: ValidationRow,
  ticket: TicketRow | undefined,
  labels: ReadonlyMap<number, SeatLabel>,
): ValidationView {
  const shown = ticket && (ticket.event_id === row.event_id || ticket.interface_id === ctx.interface.id);
  return {
    id: row.id,
    event_id: row.event_id,
    ticket_id: row.ticket_id,
    gate_id: row.gate_id,
    result: row.result,
    reason: row.reason,
    direction: row.direction,
    forced: row.forced,
    force_reason: row.force_reason,
    manual: row.manual,
    offline: row.offline,
    device_id: row.device_id,
    device_time: row.device_time,
    conflict: row.conflict,
    conflict_id: row.conflict_id,
    scanned_at: row.scanned_at,
    undone_at: row.undone_at,
    created_at: row.created_at,
    ticket: shown ? presentScanned(ticket, labels) : null,
  };
}
