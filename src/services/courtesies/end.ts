import { statement } from '../../db/client.ts';
import { inTransaction, type Tx } from '../../db/transaction.ts';
import type { System } from '../../system.ts';
import { recordChanges } from '../changes.ts';
import { type GivenPlace, takeBackPlaces } from '../inventory/give.ts';
import { isLive, type TicketRow } from '../tickets/row.ts';
import { ticketChange } from '../tickets/tell.ts';
import { voidTickets } from '../tickets/void.ts';
import { moveQuota } from './quotas.ts';
import { type CourtesyRecord, courtesyChange } from './row.ts';

/** Courtesies that one round of the sweeper ends. */
const AT_ONCE = 200;

const LOCK_TICKETS = statement(
  'courtesy_lock_tickets',
  'SELECT t.* FROM ticket t WHERE t.company_id = $1 AND t.id = ANY($2::uuid[]) ORDER BY t.id FOR UPDATE',
);
const END = statement(
  'courtesy_end',
  `UPDATE courtesy k SET status = $3, reason = $4, decided_by = $5, decided_at = now(),
     updated_at = greatest(now(), k.updated_at + interval '1 millisecond')
   FROM unnest($2::uuid[], $6::text[]) AS r (id, status)
   WHERE k.company_id = $1 AND k.id = r.id AND k.status = r.status RETURNING k.*`,
);
// Whoever works on one right now decides about it; the next round finds it again.
const OVERDUE = statement(
  'courtesy_overdue',
  `SELECT k.* FROM courtesy k LEFT JOIN ticket t ON t.company_id = k.company_id AND t.id = k.ticket_id
   WHERE k.expires_at <= now() AND k.status IN ('requested', 'issued')
     AND (t.id IS NULL OR t.status = 'void' OR (t.status = 'valid' AND t.validated_at IS NULL))
   ORDER BY k.company_id, k.id LIMIT $1 FOR UPDATE OF k SKIP LOCKED`,
);

/**
 * Ends courtesies of one company whose guests have not come: void tickets, free places, quotas given back.
 * @param rows locked
 * @param force also those whose guests have come, for the event is called off
 * @returns those that ended; one whose ticket was used or passed on stays as it is
 */
export async function endCourtesies(
  tx: Tx,
  rows: readonly CourtesyRecord[],
  to: 'rejected' | 'expired' | 'revoked',
  { reason, by, force = false }: { reason: string | null; by: string | null; force?: boolean },
): Promise<CourtesyRecord[]> {
  const [first] = rows;
  if (!first) return [];
  const { company_id } = first;
  const ids = rows.flatMap(({ ticket_id }) => ticket_id ?? []);
  const locked = ids.length ? await tx.query<TicketRow>(LOCK_TICKETS, [company_id, ids]) : [];
  const tickets = new Map(locked.map((ticket) => [ticket.id, ticket]));
  const unused = rows.filter(({ ticket_id }) => {
    const ticket = ticket_id === null ? undefined : tickets.get(ticket_id);
    return (
      force || !ticket || ticket.status === 'void' || (ticket.status === 'valid' && !ticket.validated_at)
    );
  });
  const live = unused.flatMap(({ ticket_id }) => {
    const ticket = tickets.get(ticket_id ?? '');
    return ticket && isLive(ticket) ? [ticket] : [];
  });
  if (!unused.length) return [];
  await moveQuota(
    tx,
    company_id,
    unused.map(({ event_id, host }) => ({ event_id, host, used: -1 })),
  );
  await takeBackPlaces(
    tx,
    company_id,
    unused.filter(({ ticket_id }) => ticket_id !== null).map((row) => row as GivenPlace),
  );
  await voidTickets(tx, live, to === 'expired' ? 'courtesy_expired' : 'courtesy_revoked');
  const ended = await tx.query<CourtesyRecord>(END, [
    ...[company_id, unused.map(({ id }) => id), to, reason, by],
    unused.map(({ status }) => status),
  ]);
  if (ended.length !== unused.length) throw new Error('a courtesy changed under its lock');
  await recordChanges(tx, [
    ...ended.map((row) => courtesyChange(`courtesy.${to}`, row)),
    ...live.map((ticket) =>
      ticketChange('ticket.voided', ticket, { courtesy_id: ticketOf(ended, ticket.id) }),
    ),
  ]);
  return ended;
}

const ticketOf = (rows: readonly CourtesyRecord[], ticket_id: string): string | undefined =>
  rows.find((row) => row.ticket_id === ticket_id)?.id;

const OF_EVENT = statement(
  'courtesy_of_event',
  `SELECT k.*, coalesce(t.status IN ('valid', 'used'), false) AS live FROM courtesy k
   LEFT JOIN ticket t ON t.company_id = k.company_id AND t.id = k.ticket_id
   WHERE k.company_id = $1 AND k.event_id = $2 AND k.status IN ('requested', 'issued')
   ORDER BY k.id LIMIT $3 FOR UPDATE OF k`,
);

/**
 * Revokes courtesies of an event that was called off, used or not.
 * @returns how many ended, and how many tickets are void by that
 */
export async function revokeOfEvent(
  tx: Tx,
  { company_id, event_id }: { company_id: number; event_id: number },
  why: { reason: string; by: string },
): Promise<{ ended: number; voided: number }> {
  const rows = await tx.query<CourtesyRecord & { live: boolean }>(OF_EVENT, [company_id, event_id, AT_ONCE]);
  const ended = await endCourtesies(tx, rows, 'revoked', { ...why, force: true });
  return { ended: ended.length, voided: rows.filter(({ live }) => live).length };
}

/** Ends every courtesy whose time is over and whose guest has not come. Runs as often as anybody likes. */
export async function expireCourtesies(system: System): Promise<number> {
  let all = 0;
  for (;;) {
    const found = await inTransaction(system.db, async (tx) => {
      const rows = await tx.query<CourtesyRecord>(OVERDUE, [AT_ONCE]);
      for (const company_id of new Set(rows.map((row) => row.company_id)))
        await endCourtesies(
          tx,
          rows.filter((row) => row.company_id === company_id),
          'expired',
          { reason: null, by: null },
        );
      return rows.length;
    });
    all += found;
    if (found < AT_ONCE) return all;
  }
}
