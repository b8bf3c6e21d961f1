import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import type { TicketRow } from '../tickets/row.ts';
import type { ValidationRow } from './row.ts';

/** Another process has just kept a scan under this nonce: to be read, not judged again. */
export class NonceTaken extends Error {}

// The conditions repeat what was judged under the lock: whatever fails them undoes the whole transaction.
const UPDATE_TICKETS = statement(
  'scan_update_tickets',
  `UPDATE ticket t SET status = m.to_status, entries = m.to_entries, inside = m.inside,
     validated_at = m.validated_at, updated_at = greatest(now(), t.updated_at + interval '1 millisecond')
   FROM unnest($2::uuid[], $3::ticket_status[], $4::int[], $5::ticket_status[], $6::int[], $7::int[],
     $8::timestamptz[]) AS m (id, status, entries, to_status, to_entries, inside, validated_at)
   WHERE t.company_id = $1 AND t.id = m.id AND t.status = m.status AND t.entries = m.entries
   RETURNING t.id, t.updated_at`,
);

/**
 * Writes what scans made of tickets.
 * @returns by ticket, when it was changed
 * @throws Error when a ticket is not as it was judged: its lock was not held
 */
export async function updateTickets(
  tx: Tx,
  company_id: number,
  moves: readonly { from: TicketRow; to: TicketRow }[],
): Promise<Map<string, Date>> {
  if (!moves.length) return new Map();
  const rows = await tx.query<{ id: string; updated_at: Date }>(UPDATE_TICKETS, [
    company_id,
    moves.map(({ from }) => from.id),
    moves.map(({ from }) => from.status),
    moves.map(({ from }) => from.entries),
    moves.map(({ to }) => to.status),
    moves.map(({ to }) => to.entries),
    moves.map(({ to }) => to.inside),
    moves.map(({ to }) => to.validated_at),
  ]);
  if (rows.length !== moves.length) throw new Error(`moved ${rows.length} of ${moves.length} tickets`);
  return new Map(rows.map((row) => [row.id, row.updated_at]));
}

const INSERT = statement(
  'scan_insert',
  `INSERT INTO validation (company_id, id, event_id, ticket_id, gate_id, result, reason, direction, forced,
     force_reason, net, scanned_at, client_id, interface_id, nonce)
   SELECT $1, r.* FROM unnest($2::uuid[], $3::int[], $4::uuid[], $5::int[], $6::scan_result[], $7::text[],
     $8::scan_direction[], $9::bool[], $10::text[], $11::smallint[], $12::timestamptz[], $13::text[], $14::int[],
     $15::text[]) AS r
   ON CONFLICT (company_id, client_id, nonce) DO NOTHING RETURNING created_at`,
);

/**
 * Keeps scans.
 * @returns when: one moment for all; undefined for none
 * @throws NonceTaken when another transaction has kept one under the same nonce meanwhile
 */
export async function insertValidations(
  tx: Tx,
  company_id: number,
  scans: readonly ValidationRow[],
): Promise<Date | undefined> {
  if (!scans.length) return undefined;
  // Whoever meets another on a nonce waits for it: in one order, lest two wait for each other.
  const sorted = scans.toSorted((a, b) => compare(a.client_id, b.client_id) || compare(a.nonce, b.nonce));
  const column = (field: keyof ValidationRow) => sorted.map((row) => row[field]);
  const rows = await tx.query<{ created_at: Date }>(INSERT, [
    company_id,
    ...(['id', 'event_id', 'ticket_id', 'gate_id', 'result', 'reason', 'direction', 'forced'] as const).map(
      column,
    ),
    ...(['force_reason', 'net', 'scanned_at', 'client_id', 'interface_id', 'nonce'] as const).map(column),
  ]);
  if (rows.length !== scans.length) throw new NonceTaken();
  return rows[0]?.created_at;
}

const compare = (a: string | null, b: string | null): number =>
  (a ?? '') < (b ?? '') ? -1 : a === b ? 0 : 1;
