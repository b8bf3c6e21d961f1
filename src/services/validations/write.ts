import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import type { TicketRow } from '../tickets/row.ts';
import type { ValidationRow } from './row.ts';
import { moveZones } from './zones.ts';

/** Another process has just kept a scan under this nonce: to be read, not judged again. */
export class NonceTaken extends Error {}

// The conditions repeat what was judged under the lock: whatever fails them undoes the whole transaction.
const UPDATE_TICKETS = statement(
  'scan_update_tickets',
  `UPDATE ticket t SET status = m.to_status, entries = m.to_entries, inside = m.inside,
     validated_at = m.validated_at, updated_at = greatest(now(), t.updated_at + interval '1 millisecond')
   FROM unnest($2::uuid[], $3::ticket_status[], $4::int[], $5::ticket_status[], $6::int[], $7::int[],
     $8::timestamptz[]) AS m (id, status, entries, to_status, to_entries, inside, validated_at)
   WHERE t.company_id = $1 AND t.id = ANY($2) AND t.id = m.id AND t.status = m.status AND t.entries = m.entries
   RETURNING t.id, t.updated_at`,
);

/**
 * Writes what scans made of tickets. What inner gates let through moves between zones, and is not changed otherwise.
 * @returns by ticket, when it was changed
 * @throws Error when a ticket is not as it was judged: its lock was not held
 */
export async function updateTickets(
  tx: Tx,
  company_id: number,
  moves: readonly { from: TicketRow; to: TicketRow }[],
): Promise<Map<string, Date>> {
  const changed = moves.filter(({ from, to }) => isChanged(from, to));
  const [rows] = await Promise.all([
    changed.length
      ? tx.query<{ id: string; updated_at: Date }>(UPDATE_TICKETS, [
          company_id,
          changed.map(({ from }) => from.id),
          changed.map(({ from }) => from.status),
          changed.map(({ from }) => from.entries),
          changed.map(({ to }) => to.status),
          changed.map(({ to }) => to.entries),
          changed.map(({ to }) => to.inside),
          changed.map(({ to }) => to.validated_at),
        ])
      : [],
    moveZones(tx, company_id, moves),
  ]);
  if (rows.length !== changed.length) throw new Error(`moved ${rows.length} of ${changed.length} tickets`);
  return new Map(rows.map((row) => [row.id, row.updated_at]));
}

const isChanged = (from: TicketRow, to: TicketRow): boolean =>
  from.status !== to.status ||
  from.entries !== to.entries ||
  from.inside !== to.inside ||
  from.validated_at?.getTime() !== to.validated_at?.getTime();

const INSERT = statement(
  'scan_insert',
  `INSERT INTO validation (company_id, id, event_id, ticket_id, gate_id, result, reason, direction, forced,
     force_reason, net, scanned_at, client_id, interface_id, nonce, manual, offline, device_id, device_time, conflict,
     conflict_id, "inner", zone)
   SELECT $1, r.* FROM unnest($2::uuid[], $3::int[], $4::uuid[], $5::int[], $6::scan_result[], $7::text[],
     $8::scan_direction[], $9::bool[], $10::text[], $11::smallint[], $12::timestamptz[], $13::text[], $14::int[],
     $15::text[], $16::bool[], $17::bool[], $18::text[], $19::timestamptz[], $20::text[], $21::uuid[], $22::bool[],
     $23::text[]) AS r
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
    ...(
      ['manual', 'offline', 'device_id', 'device_time', 'conflict', 'conflict_id', 'inner', 'zone'] as const
    ).map(column),
  ]);
  if (rows.length !== scans.length) throw new NonceTaken();
  return rows[0]?.created_at;
}

const SETTLE = statement(
  'scan_settle',
  `UPDATE validation v SET net = r.net, conflict = r.conflict, conflict_id = r.conflict_id,
     version = pg_current_xact_id()::text::bigint
   FROM unnest($2::uuid[], $3::smallint[], $4::text[], $5::uuid[]) AS r (id, net, conflict, conflict_id)
   WHERE v.company_id = $1 AND v.id = ANY($2) AND v.id = r.id AND v.undone_at IS NULL`,
);

/**
 * Writes what the log of their tickets now says of scans that were kept before. The tickets are locked.
 * @throws Error when one was undone meanwhile: the lock was not held
 */
export async function settleValidations(
  tx: Tx,
  company_id: number,
  scans: readonly Pick<ValidationRow, 'id' | 'net' | 'conflict' | 'conflict_id'>[],
): Promise<void> {
  if (!scans.length) return;
  const settled = await tx.execute(SETTLE, [
    company_id,
    scans.map(({ id }) => id),
    scans.map(({ net }) => net),
    scans.map(({ conflict }) => conflict),
    scans.map(({ conflict_id }) => conflict_id),
  ]);
  if (settled !== scans.length) throw new Error(`settled ${settled} of ${scans.length} scans`);
}

const CORRECT = statement(
  'scan_correct',
  `UPDATE validation v SET result = r.result, reason = r.reason, offline = true, device_id = r.device_id,
     device_time = r.device_time, scanned_at = r.scanned_at
   FROM unnest($2::uuid[], $3::scan_result[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[])
     AS r (id, result, reason, device_id, device_time, scanned_at)
   WHERE v.company_id = $1 AND v.id = ANY($2) AND v.id = r.id`,
);

/** Writes how scans went at the gate that were judged here, but whose device never heard the answer. */
export async function correctValidations(
  tx: Tx,
  company_id: number,
  scans: readonly ValidationRow[],
): Promise<void> {
  if (!scans.length) return;
  await tx.execute(CORRECT, [
    company_id,
    ...(['id', 'result', 'reason', 'device_id', 'device_time', 'scanned_at'] as const).map((field) =>
      scans.map((row) => row[field]),
    ),
  ]);
}

const compare = (a: string | null, b: string | null): number =>
  (a ?? '') < (b ?? '') ? -1 : a === b ? 0 : 1;
