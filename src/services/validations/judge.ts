import type { Rejection } from '../../schemas/validations.ts';
import { hasLapsed, isLive, type TicketRow } from '../tickets/row.ts';
import { mayBecome, type TicketStatus } from '../tickets/state.ts';
import type { Admission, Door } from './door.ts';
import { afterExit, isPassBack, passed } from './zones.ts';

/** What names a ticket at a gate: a code that the company signed, or its id alone, which is good for any serial. */
export interface Claims {
  ticketId: string;
  eventId: number | null;
  serial: number | null;
  /** Of a code that rotates: it was not the one of its moment. A picture, say. */
  outdated?: boolean;
}

/** A code held before a gate. */
export interface Attempt {
  door: Door;
  /** Undefined when the company signed no such code. */
  claims: Claims | undefined;
  gate_id: number | null;
  direction: 'entry' | 'exit';
  scanned_at: Date;
  /** Staff lets in whatever the rules below `revoked` say. */
  force: boolean;
}

/** A ticket under its lock, as the scans before in the same batch left it. */
export interface TicketAtDoor extends TicketRow {
  /** Its cart is paid, or it never had one. */
  paid: boolean;
}

export interface Verdict {
  result: 'accepted' | 'rejected';
  /** Why not; of a forced one, the rule it went against. */
  reason: Rejection | null;
  forced: boolean;
  /** What the ticket's entries change by. */
  net: -1 | 0 | 1;
}

/**
 * Judges one scan. The order of the rules is that of what staff should hear first: what is wrong with the code, then
 * with the ticket, the time, the place, and last that somebody came in on it already.
 */
export function judge(attempt: Attempt, ticket: TicketAtDoor | undefined): Verdict {
  const { door, claims, direction, force } = attempt;
  if (!claims || !ticket) return rejected('unknown');
  if (ticket.event_id !== door.event_id) return rejected('wrong_event');
  // Whoever is inside may leave, whatever has become of the ticket or its code meanwhile.
  const leaves = direction === 'exit' && ticket.inside > 0;
  if (!leaves && isDead(attempt, claims, ticket)) return rejected('revoked');

  const admission = admissionOf(door, ticket);
  if (isInner(attempt)) return judgeInner(attempt, ticket, admission);
  if (direction === 'exit') {
    if (ticket.inside === 0) return rejected('not_inside');
    // An exit beyond the entries that count (one was forced) has none to give back.
    const net = admission.re_entry && ticket.entries >= ticket.inside ? -1 : 0;
    return { result: 'accepted', reason: null, forced: false, net };
  }
  const used = ticket.entries >= admission.max_entries;
  const reason = entryFault(attempt, ticket, admission) ?? (used ? 'already_used' : null);
  if (reason && !force) return rejected(reason);
  return { result: 'accepted', reason, forced: reason !== null, net: used ? 0 : 1 };
}

/** The zone before which the gate of a scan stands; null at an outer one. */
export const zoneOf = ({ door, gate_id }: Attempt): string | null =>
  gate_id === null ? null : (door.zones.get(gate_id) ?? null);

/** Whether the gate of a scan is behind the outer ones. */
export const isInner = (attempt: Attempt): boolean => zoneOf(attempt) !== null;

/**
 * At an inner gate passes who is inside by an outer one, and not in its zone already. The entries of the ticket stay as
 * they are.
 */
function judgeInner(attempt: Attempt, ticket: TicketAtDoor, admission: Admission): Verdict {
  const entry = attempt.direction === 'entry';
  const fault = entry ? entryFault(attempt, ticket, admission) : null;
  const reason =
    fault ?? (ticket.inside === 0 ? 'not_inside' : entry ? zoneFault(attempt, ticket, admission) : null);
  if (reason && !(entry && attempt.force)) return rejected(reason);
  return { result: 'accepted', reason, forced: reason !== null, net: 0 };
}

const zoneFault = (attempt: Attempt, ticket: TicketAtDoor, { max_entries }: Admission): Rejection | null => {
  const { door, gate_id } = attempt;
  if (gate_id !== null && door.open_gates.has(gate_id)) return null;
  return isPassBack(ticket.zones, zoneOf(attempt) ?? '', { ...ticket, max_entries }) ? 'already_used' : null;
};

const isDead = ({ door }: Attempt, { serial }: Claims, ticket: TicketAtDoor): boolean =>
  door.cancelled || !isLive(ticket) || (serial !== null && serial !== ticket.serial);

/**
 * What a device that let somebody in could not know, or did not keep to; used entries aside, which the log of the ticket
 * tells (replay.ts).
 */
export function faultOf(attempt: Attempt, ticket: TicketAtDoor | undefined): Rejection | null {
  const { door, claims, direction } = attempt;
  if (!claims || !ticket) return 'unknown';
  if (ticket.event_id !== door.event_id) return 'wrong_event';
  if (isDead(attempt, claims, ticket)) return direction === 'entry' ? 'revoked' : null;
  return direction === 'entry' ? entryFault(attempt, ticket, admissionOf(door, ticket)) : null;
}

function entryFault(
  { claims, gate_id, scanned_at }: Attempt,
  ticket: TicketAtDoor,
  { gate_ids, valid_from, valid_until }: Admission,
): Rejection | null {
  if (claims?.outdated) return 'expired';
  if (!ticket.paid) return 'unpaid';
  if (scanned_at < valid_from) return 'not_yet_valid';
  if (scanned_at >= valid_until || hasLapsed(ticket, scanned_at)) return 'expired';
  // A scan that names no gate is not judged by it.
  if (gate_id !== null && gate_ids.length && !gate_ids.includes(gate_id)) return 'wrong_gate';
  return null;
}

const rejected = (reason: Rejection): Verdict => ({ result: 'rejected', reason, forced: false, net: 0 });

/** How a ticket lets in. */
export const admissionOf = (door: Door, { ticket_type_id }: TicketRow): Admission =>
  (ticket_type_id !== null && door.admissions.get(ticket_type_id)) || door.standard;

/** The ticket after a scan that was accepted: what an inner gate lets through changes its zones and no more. */
export function admitted(attempt: Attempt, ticket: TicketAtDoor, { net }: Verdict): TicketAtDoor {
  const entry = attempt.direction === 'entry';
  const zone = zoneOf(attempt);
  if (zone !== null) {
    const zones = passed(ticket.zones, zone, attempt.direction, ticket.inside);
    return zones === ticket.zones ? ticket : { ...ticket, zones };
  }
  const entries = ticket.entries + net;
  const inside = ticket.inside + (entry ? 1 : -1);
  return {
    ...ticket,
    entries,
    inside,
    zones: entry ? ticket.zones : afterExit(ticket.zones, inside),
    status: statusAfter(ticket.status, entries, admissionOf(attempt.door, ticket).max_entries),
    validated_at: entry ? attempt.scanned_at : ticket.validated_at,
  };
}

/** `used` once no entry is left. A ticket that no longer admits stays as it is. */
export function statusAfter(status: TicketStatus, entries: number, max_entries: number): TicketStatus {
  if (!isLive({ status })) return status;
  const next = entries >= max_entries ? 'used' : 'valid';
  if (!mayBecome(status, next)) throw new Error(`no step from ${status} to ${next}`);
  return next;
}
