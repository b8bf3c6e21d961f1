import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { AppError } from '../../errors.ts';
import type { System } from '../../system.ts';
import { uuidv7 } from '../../uuid.ts';
import type { Outcome } from '../batcher.ts';
import { type Change, recordChanges } from '../changes.ts';
import { keyedBatch } from '../keyed-batch.ts';
import { ticketChange } from '../tickets/tell.ts';
import { type Attempt, admitted, isInner, judge, type TicketAtDoor, type Verdict, zoneOf } from './judge.ts';
import { passageOf, presentValidation, type ValidationRow, type ValidationView } from './row.ts';
import { insertValidations, updateTickets } from './write.ts';

/** A scan whose event, gate and code have been looked up. */
export interface ScanCommand {
  ctx: Context;
  attempt: Attempt;
  nonce: string | null;
  force_reason: string | null;
}

/** A scan and its ticket as they stand after it. */
interface Kept {
  row: ValidationRow;
  ticket: TicketAtDoor | undefined;
}

// In the order of their ids, as everybody locks tickets. A waiter sees what the one before it left.
const LOCK_TICKETS = statement(
  'scan_lock_tickets',
  `SELECT t.*, c.id IS NULL OR c.status IN ('paid', 'partially_refunded') AS paid
   FROM ticket t LEFT JOIN cart c ON c.company_id = t.company_id AND c.id = t.cart_id
   WHERE t.company_id = $1 AND t.id = ANY($2::uuid[]) ORDER BY t.id FOR UPDATE OF t`,
);
const BY_NONCE = statement(
  'scan_by_nonce',
  `SELECT v.* FROM validation v JOIN unnest($2::text[], $3::text[]) AS r (client_id, nonce)
     ON v.client_id = r.client_id AND v.nonce = r.nonce
   WHERE v.company_id = $1 AND v.client_id = ANY($2) AND v.nonce = ANY($3)`,
);

/**
 * Judges and keeps the scans of one batch as one transaction: locks their tickets, judges each in the order they came
 * in memory, and writes all of it by a few set-based statements.
 */
export async function executeScans(
  system: System,
  company_id: number,
  commands: ScanCommand[],
): Promise<Outcome<ValidationView>[]> {
  return keyedBatch<ScanCommand, ValidationView>(system, commands, async (tx, claimed, outcomes) => {
    const made = await keepScans(tx, system, company_id, claimed);
    claimed.forEach((command, i) => {
      const it = made[i] as Made;
      outcomes.set(command, it instanceof AppError ? { refusal: it } : { result: it });
    });
  });
}

type Made = ValidationView | AppError;

/**
 * Judges scans in their order and keeps them, in the caller's transaction.
 * @returns for each how it was judged, or conflict when its nonce belongs to another scan
 * @throws NonceTaken
 */
export async function keepScans(
  tx: Tx,
  system: System,
  company_id: number,
  commands: readonly ScanCommand[],
): Promise<Made[]> {
  const ids = commands.flatMap(({ attempt }) => attempt.claims?.ticketId ?? []);
  const [locked, nonces] = await Promise.all([
    lockTickets(tx, company_id, ids),
    keptNonces(tx, company_id, commands),
  ]);
  const tickets = new Map(locked.map((ticket) => [ticket.id, ticket]));
  const fresh: Kept[] = [];
  const kept = commands.map((command) => decide(command, tickets, nonces, fresh));
  const updated = await write(tx, company_id, locked, tickets, fresh);

  const seats = locked.flatMap((ticket) => ticket.seat_id ?? []);
  const labels = await system.seatLabels.of(tx, company_id, seats);
  return kept.map((it, i) => {
    if (it instanceof AppError) return it;
    const { row, ticket } = it;
    const shown = ticket && { ...ticket, updated_at: updated.get(ticket.id) ?? ticket.updated_at };
    return presentValidation((commands[i] as ScanCommand).ctx, row, shown, labels);
  });
}

/** Locks tickets in the order of their ids, as everybody does. */
export async function lockTickets(
  tx: Tx,
  company_id: number,
  ids: readonly string[],
): Promise<TicketAtDoor[]> {
  if (!ids.length) return [];
  return tx.query<TicketAtDoor>(LOCK_TICKETS, [company_id, [...new Set(ids)]]);
}

export const nonceKey = (client_id: string, nonce: string): string => `${client_id} ${nonce}`;

/** Read after the tickets are locked: of two scans of one ticket under one nonce, the second finds the first. */
export async function keptNonces(
  tx: Tx,
  company_id: number,
  commands: readonly Pick<ScanCommand, 'ctx' | 'nonce'>[],
): Promise<Map<string, ValidationRow>> {
  const named = commands.filter(({ nonce }) => nonce !== null);
  if (!named.length) return new Map();
  const values = [company_id, named.map(({ ctx }) => ctx.client_id), named.map(({ nonce }) => nonce)];
  const rows = await tx.query<ValidationRow>(BY_NONCE, values);
  return new Map(rows.map((row) => [nonceKey(row.client_id, row.nonce as string), row]));
}

/** Judges one command against the tickets as the ones before it left them. */
function decide(
  command: ScanCommand,
  tickets: Map<string, TicketAtDoor>,
  nonces: Map<string, ValidationRow>,
  fresh: Kept[],
): Kept | AppError {
  const { ctx, attempt, nonce } = command;
  const before = ticketOf(attempt, tickets);
  const name = nonce === null ? '' : nonceKey(ctx.client_id, nonce);
  const first = nonces.get(name);
  if (first) return sameScan(first, command, before) ? { row: first, ticket: before } : nonceReused();

  const verdict = judge(attempt, before);
  const ticket = before && verdict.result === 'accepted' ? admitted(attempt, before, verdict) : before;
  if (ticket) tickets.set(ticket.id, ticket);
  const kept = { row: rowOf(command, verdict, ticket), ticket };
  if (nonce !== null) nonces.set(name, kept.row);
  fresh.push(kept);
  return kept;
}

export const ticketOf = (
  { claims }: Attempt,
  tickets: Map<string, TicketAtDoor>,
): TicketAtDoor | undefined => {
  const ticket = claims && tickets.get(claims.ticketId);
  return claims?.eventId === null || ticket?.event_id === claims?.eventId ? ticket : undefined;
};

/** A nonce that a gate uses for everything must not let everybody in on the first one's verdict. */
export const sameScan = (
  first: ValidationRow,
  { attempt }: Pick<ScanCommand, 'attempt'>,
  ticket: TicketAtDoor | undefined,
): boolean =>
  first.event_id === attempt.door.event_id &&
  first.direction === attempt.direction &&
  first.ticket_id === (ticket?.id ?? null);

export const nonceReused = () => new AppError('conflict', 'This nonce names another scan.');

function rowOf(
  { ctx, attempt, nonce, force_reason }: ScanCommand,
  verdict: Verdict,
  ticket: TicketAtDoor | undefined,
): ValidationRow {
  return {
    company_id: ctx.company_id,
    id: uuidv7(), // made under the lock: a ticket's scans are judged in the order of their ids
    event_id: attempt.door.event_id,
    ticket_id: ticket?.id ?? null,
    gate_id: attempt.gate_id,
    ...{ inner: isInner(attempt), zone: zoneOf(attempt) },
    ...verdict,
    force_reason: verdict.forced ? force_reason : null,
    direction: attempt.direction,
    scanned_at: attempt.scanned_at,
    client_id: ctx.client_id,
    interface_id: ctx.interface.id,
    nonce,
    undone_at: null,
    undone_by: null,
    created_at: ctx.now,
    manual: attempt.claims?.serial === null,
    ...{ offline: false, device_id: null, device_time: null, conflict: null, conflict_id: null },
  };
}

/** Writes what was judged, and gives the tickets' new times of change. */
async function write(
  tx: Tx,
  company_id: number,
  before: readonly TicketAtDoor[],
  after: ReadonlyMap<string, TicketAtDoor>,
  fresh: readonly Kept[],
): Promise<ReadonlyMap<string, Date>> {
  const moved = before.flatMap((from) => {
    const to = after.get(from.id) as TicketAtDoor;
    return to === from ? [] : [{ from, to }];
  });
  const [updated, created_at] = await Promise.all([
    updateTickets(tx, company_id, moved),
    insertValidations(
      tx,
      company_id,
      fresh.map(({ row }) => row),
    ),
    recordChanges(tx, fresh.flatMap(entryOf)),
  ]);
  for (const { row } of fresh) row.created_at = created_at ?? row.created_at;
  return updated;
}

/** What the change feed tells of a scan: only that somebody went in or out. */
const entryOf = ({ row, ticket }: Kept): Change[] => {
  if (!ticket || row.result !== 'accepted') return [];
  return [ticketChange('ticket.validated', ticket, passageOf(row))];
};
