import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { type Change, recordChanges } from '../changes.ts';
import { ticketChange } from '../tickets/tell.ts';
import { admissionOf, statusAfter, type TicketAtDoor } from './judge.ts';
import { replay } from './replay.ts';
import { passageOf, type ValidationRow } from './row.ts';
import { correctValidations, insertValidations, settleValidations, updateTickets } from './write.ts';

const STANDING = statement(
  'settle_standing',
  `SELECT v.* FROM validation v
   WHERE v.company_id = $1 AND v.ticket_id = ANY($2::uuid[]) AND v.result = 'accepted' AND v.undone_at IS NULL`,
);

/** Scans that somebody went through a gate on, and that were not undone. The tickets are locked. */
export const standingScans = (
  tx: Tx,
  company_id: number,
  ticket_ids: readonly string[],
): Promise<ValidationRow[]> => tx.query<ValidationRow>(STANDING, [company_id, ticket_ids]);

/** What became of scans and tickets. */
export interface Settled {
  scans: Map<string, ValidationRow>;
  tickets: Map<string, TicketAtDoor>;
}

/** What devices tell: scans that are new, and scans that were kept online and went another way at the gate. */
export interface Told {
  fresh: readonly ValidationRow[];
  corrected: readonly ValidationRow[];
}

/**
 * Keeps what devices tell and goes through the logs of the tickets anew (replay.ts): what an earlier scan counts for may
 * change by what is only heard of now.
 * @param tickets locked
 */
export async function settle(
  tx: Tx,
  ctx: Context,
  tickets: readonly TicketAtDoor[],
  { fresh, corrected }: Told,
): Promise<Settled> {
  const { company_id } = ctx;
  const told = [...fresh, ...corrected];
  const ids = new Set(told.map(({ id }) => id));
  const passed = told.filter(({ result }) => result === 'accepted');
  const touched = [...passed, ...corrected].flatMap(({ ticket_id }) => ticket_id ?? []);
  const standing = touched.length ? await standingScans(tx, company_id, [...new Set(touched)]) : [];
  const before = standing.filter(({ id }) => !ids.has(id));
  const logs = new Map<string, ValidationRow[]>(touched.map((id) => [id, []]));
  for (const row of [...before, ...passed]) logs.get(row.ticket_id as string)?.push(row);
  const settled: Settled = {
    scans: new Map(told.map((row) => [row.id, row])),
    tickets: new Map(tickets.map((ticket) => [ticket.id, ticket])),
  };
  const moves: { from: TicketAtDoor; to: TicketAtDoor }[] = [];
  for (const [ticket_id, log] of logs) {
    const from = settled.tickets.get(ticket_id) as TicketAtDoor;
    const door = await ctx.system.doors.of(ctx.system, company_id, from.event_id);
    const admission = admissionOf(door, from);
    const { scans, ...after } = replay(log, admission, door.open_gates);
    for (const scan of scans) settled.scans.set(scan.id, scan);
    const to = { ...from, ...after, status: statusAfter(from.status, after.entries, admission.max_entries) };
    settled.tickets.set(ticket_id, to);
    moves.push({ from, to });
  }
  const updated = await updateTickets(tx, company_id, moves);
  for (const [id, updated_at] of updated) {
    const ticket = settled.tickets.get(id) as TicketAtDoor;
    settled.tickets.set(id, { ...ticket, updated_at });
  }
  const now = ({ id }: ValidationRow) => settled.scans.get(id) as ValidationRow;
  const moved = before.filter((row) => differs(row, now(row)));
  await settleValidations(tx, company_id, [...moved, ...corrected].map(now));
  await correctValidations(tx, company_id, corrected);
  const created_at = (await insertValidations(tx, company_id, fresh.map(now))) ?? ctx.now;
  for (const row of fresh.map(now)) settled.scans.set(row.id, { ...row, created_at });
  await recordChanges(tx, changesOf(settled, told.map(now), moved));
  return settled;
}

const differs = (a: ValidationRow, b: ValidationRow): boolean =>
  a.net !== b.net || a.conflict !== b.conflict || a.conflict_id !== b.conflict_id;

/** What the change feed tells: who went through, and every conflict that has come up by it. */
function changesOf(
  { scans, tickets }: Settled,
  kept: readonly ValidationRow[],
  moved: readonly ValidationRow[],
): Change[] {
  const known = new Map(moved.map(({ id, conflict }) => [id, conflict]));
  return [...kept, ...moved.map(({ id }) => scans.get(id) as ValidationRow)].flatMap((row) => {
    const ticket = tickets.get(row.ticket_id ?? '');
    if (!ticket || row.result !== 'accepted') return [];
    const { id: validation_id, conflict, conflict_id } = row;
    const isNew = !known.has(row.id);
    return [
      ...(isNew ? [ticketChange('ticket.validated', ticket, passageOf(row))] : []),
      ...(conflict && conflict !== known.get(row.id)
        ? [ticketChange('ticket.entry_conflict', ticket, { validation_id, conflict, conflict_id })]
        : []),
    ];
  });
}
