import type { z } from 'zod';
import type { Context } from '../../context.ts';
import { type Tx, transaction } from '../../db/transaction.ts';
import { AppError } from '../../errors.ts';
import type { BatchItem, OfflineBatch, OfflineScan } from '../../schemas/offline.ts';
import { uuidv7 } from '../../uuid.ts';
import { type Attempt, faultOf, isInner, judge, type TicketAtDoor, zoneOf } from './judge.ts';
import { claimsIn, doorAt, forceOf } from './prepare.ts';
import { presentValidation, type ValidationRow } from './row.ts';
import { retryNonce } from './scan.ts';
import { keptNonces, lockTickets, nonceKey, nonceReused, sameScan, ticketOf } from './scan-batch.ts';
import { settle } from './settle.ts';

type Item = z.output<typeof BatchItem>;

/** A scan of a batch, looked up; its problem when it names an event or gate that is not there. */
interface Prepared {
  ctx: Context;
  body: OfflineScan;
  nonce: string;
  found: { attempt: Attempt; force_reason: string | null } | AppError;
}

/** What became of a scan of the batch. */
type Kept = { row: ValidationRow; repeated: boolean } | AppError;

/**
 * Keeps what a device scanned without a connection, and settles it with what other gates did meanwhile (replay.ts).
 * Whom the device let in is inside, whatever the rules say now: such a scan is kept as accepted, and as a conflict where
 * it went against one. Batches may come late, in any order and twice.
 * @returns for each scan, in the order of the batch, how it stands, or why it was not kept
 * @throws AppError conflict when another batch with the same nonces is under way
 */
export async function uploadScans(ctx: Context, batch: OfflineBatch): Promise<Item[]> {
  const skew = batch.sent_at.getTime() - ctx.now.getTime();
  const prepared = await Promise.all(batch.scans.map((body) => prepare(ctx, body, skew)));
  return retryNonce(() => transaction(ctx, (tx) => keep(tx, ctx, batch, prepared)));
}

async function prepare(ctx: Context, body: OfflineScan, skew: number): Promise<Prepared> {
  const { gate_id = null, direction = 'entry', nonce } = body;
  try {
    const door = await doorAt(ctx, body.event_id, gate_id);
    // Nothing was scanned after it was sent: a clock that was set back in between is bounded by that.
    // Nor before clocks count from: where the clock was set forward in between, the difference is no time at all.
    const corrected = Math.min(body.scanned_at.getTime() - skew, ctx.now.getTime());
    const scanned_at = new Date(Math.max(corrected, 0));
    const claims = await claimsIn(ctx, body, door, scanned_at);
    const { force, force_reason } = forceOf(body.force);
    const attempt = { door, claims, gate_id, direction, scanned_at, force };
    return { ctx, body, nonce, found: { attempt, force_reason } };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { ctx, body, nonce, found: error };
  }
}

async function keep(tx: Tx, ctx: Context, batch: OfflineBatch, prepared: Prepared[]): Promise<Item[]> {
  const ids = prepared.flatMap(({ found }) =>
    found instanceof AppError ? [] : (found.attempt.claims?.ticketId ?? []),
  );
  const locked = await lockTickets(tx, ctx.company_id, ids);
  const tickets = new Map(locked.map((ticket) => [ticket.id, ticket]));
  const seen = withArrivals(tickets, prepared);
  const nonces = await keptNonces(tx, ctx.company_id, prepared);
  const fresh: ValidationRow[] = [];
  const corrected: ValidationRow[] = [];
  const kept = prepared.map((scan): Kept => {
    if (scan.found instanceof AppError) return scan.found;
    const { attempt, force_reason } = scan.found;
    const ticket = ticketOf(attempt, seen);
    const name = nonceKey(ctx.client_id, scan.nonce);
    const first = nonces.get(name);
    if (first && !sameScan(first, { attempt }, ticket)) return nonceReused();
    const row = rowOf(ctx, batch.device_id, scan.body, attempt, force_reason, ticket);
    if (first) {
      if (first.offline || first.undone_at || first.result === row.result)
        return { row: first, repeated: true };
      // It was judged here, but the answer was lost on its way: what happened is what the gate did.
      const { result, reason, conflict, offline, device_id, device_time, scanned_at } = row;
      const told = { result, reason, conflict, offline, device_id, device_time, scanned_at };
      const right = { ...first, ...told, net: 0 as const, conflict_id: null };
      nonces.set(name, right);
      corrected.push(right);
      return { row: right, repeated: true };
    }
    nonces.set(name, row);
    fresh.push(row);
    return { row, repeated: false };
  });
  const settled = await settle(tx, ctx, [...tickets.values()], { fresh, corrected });
  const seats = locked.flatMap((ticket) => ticket.seat_id ?? []);
  const labels = await ctx.system.seatLabels.of(tx, ctx.company_id, seats);
  return kept.map((it, index): Item => {
    const { nonce } = prepared[index] as Prepared;
    if (it instanceof AppError) {
      const { code, message: detail, facts } = it;
      const problem = { code, detail, ...(facts.errors && { errors: facts.errors }) };
      return { index, nonce, repeated: false, validation: null, problem };
    }
    const row = settled.scans.get(it.row.id) ?? it.row;
    const validation = presentValidation(ctx, row, settled.tickets.get(row.ticket_id ?? ''), labels);
    return { index, nonce, repeated: it.repeated, validation, problem: null };
  });
}

/** Tickets as their scans are judged: a courtesy whose guest came in time, by this batch itself, runs out no more. */
function withArrivals(
  tickets: ReadonlyMap<string, TicketAtDoor>,
  prepared: readonly Prepared[],
): Map<string, TicketAtDoor> {
  const seen = new Map(tickets);
  for (const { found, body } of prepared) {
    if (found instanceof AppError || body.result === 'rejected') continue;
    const { attempt } = found;
    const ticket = ticketOf(attempt, seen);
    if (!ticket?.expires_at || ticket.validated_at || attempt.direction === 'exit' || isInner(attempt))
      continue;
    const { scanned_at } = attempt;
    if (scanned_at < ticket.expires_at) seen.set(ticket.id, { ...ticket, validated_at: scanned_at });
  }
  return seen;
}

/** The scan as the device decided it; what the log of its ticket makes of it comes after (settle.ts). */
function rowOf(
  ctx: Context,
  device_id: string,
  { result = 'accepted', reason, nonce, scanned_at: device_time }: OfflineScan,
  attempt: Attempt,
  force_reason: string | null,
  ticket: TicketAtDoor | undefined,
): ValidationRow {
  const { direction, gate_id, scanned_at, force } = attempt;
  const passed = result === 'accepted';
  const fault = faultOf(attempt, ticket);
  // Without a ticket of the event there is no log that could count somebody in.
  const countable = fault !== 'unknown' && fault !== 'wrong_event';
  const accepted = passed && countable;
  const forced = accepted && force;
  // Of inner gates the log of the ticket tells who was in the zone already, and no more.
  const inner = isInner(attempt);
  return {
    company_id: ctx.company_id,
    id: uuidv7(),
    event_id: attempt.door.event_id,
    ticket_id: ticket?.id ?? null,
    ...{ gate_id, inner, zone: zoneOf(attempt), direction, forced, nonce, scanned_at },
    result: accepted ? 'accepted' : 'rejected',
    reason: passed ? fault : (reason ?? judge(attempt, ticket).reason),
    force_reason: forced ? force_reason : null,
    net: 0,
    client_id: ctx.client_id,
    interface_id: ctx.interface.id,
    undone_at: null,
    undone_by: null,
    created_at: ctx.now,
    manual: attempt.claims?.serial === null,
    ...{ offline: true, device_id, device_time },
    conflict: (passed && !countable) || (inner && accepted && !forced) ? fault : null,
    conflict_id: null,
  };
}
