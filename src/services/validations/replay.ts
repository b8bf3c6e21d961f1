import type { Rejection } from '../../schemas/validations.ts';
import type { Admission } from './door.ts';
import type { ValidationRow } from './row.ts';
import { afterExit, isPassBack, passed, type Zones } from './zones.ts';

/** A scan that somebody went through on, as far as the log of its ticket is concerned. */
export type Logged = Pick<
  ValidationRow,
  | 'id'
  | 'direction'
  | 'offline'
  | 'scanned_at'
  | 'forced'
  | 'reason'
  | 'net'
  | 'conflict'
  | 'conflict_id'
  | 'zone'
  | 'gate_id'
>;

/** What the log says of a scan and of its ticket: a function of the log alone, whatever order it was written in. */
export interface Replayed<Scan extends Logged> {
  /** In their order, with the net, conflict and conflict_id that they have in it. */
  scans: Scan[];
  entries: number;
  inside: number;
  zones: Zones;
  validated_at: Date | null;
}

/**
 * The rule by which scans of gates that did not know of each other are settled. The scans of a ticket are put in order of
 * time: those judged here by the moment of their judgement, those of a device by its clock less the skew of it. Then they
 * are gone through once: an entry counts while the ticket has one left, an exit gives one back where the type allows
 * re-entry. An entry beyond that is a double entry: the person is inside, the ticket's entry is the earlier one. Scans of inner gates
 * move people between zones; a second entry of somebody who is in the zone is a double one, too. One that is heard of
 * before the entry into the event is none.
 * @param open_gates inner gates that let in again who was not scanned out
 */
export function replay<Scan extends Logged>(
  log: readonly Scan[],
  { re_entry, max_entries }: Pick<Admission, 're_entry' | 'max_entries'>,
  open_gates: ReadonlySet<number> = new Set(),
): Replayed<Scan> {
  const ordered = log.toSorted((a, b) => momentOf(a) - momentOf(b) || (a.id < b.id ? -1 : 1));
  let entries = 0;
  let inside = 0;
  let validated_at: Date | null = null;
  let counted: string | null = null;
  let zones: Zones = null;
  const enteredBy = new Map<string, string>();
  const scans = ordered.map((scan): Scan => {
    const { zone, gate_id } = scan;
    if (zone !== null) {
      const entry = scan.direction === 'entry';
      const open = gate_id !== null && open_gates.has(gate_id);
      const again = entry && inside > 0 && !open && isPassBack(zones, zone, { inside, max_entries });
      const conflict = zoneConflictOf(scan, again);
      const conflict_id = conflict === 'already_used' ? (enteredBy.get(zone) ?? null) : null;
      if (entry && !again) enteredBy.set(zone, scan.id);
      zones = passed(zones, zone, scan.direction, inside);
      return { ...scan, net: 0, conflict, conflict_id };
    }
    if (scan.direction === 'exit') {
      if (inside === 0) return { ...scan, net: 0, conflict: 'not_inside', conflict_id: null };
      // An exit beyond the entries that count has none to give back.
      const net = re_entry && entries >= inside ? -1 : 0;
      entries += net;
      inside--;
      zones = afterExit(zones, inside);
      return { ...scan, net, conflict: null, conflict_id: null };
    }
    const counts = scan.reason !== 'revoked' && entries < max_entries;
    const conflict = conflictOf(scan, counts);
    const conflict_id = conflict === 'already_used' ? counted : null;
    if (counts) {
      entries++;
      counted = scan.id;
    }
    inside++;
    validated_at = scan.scanned_at;
    return { ...scan, net: counts ? 1 : 0, conflict, conflict_id };
  });
  return { scans, entries, inside, zones, validated_at };
}

/** What was forced somebody wanted. A code that is dead uses up no entry of its ticket. */
function conflictOf({ forced, offline, reason }: Logged, counts: boolean): Rejection | null {
  if (forced) return null;
  if (reason === 'revoked') return reason;
  if (!counts) return 'already_used';
  return offline ? reason : null;
}

/** What went against a rule that the device could know comes first; who is let in again was in the zone already. */
function zoneConflictOf({ direction, forced, offline, reason }: Logged, again: boolean): Rejection | null {
  if (forced || direction === 'exit') return null;
  return (offline ? reason : null) ?? (again ? 'already_used' : null);
}

/** Online, ids are made under the lock of the ticket: their time is that of the judgement. */
export const momentOf = ({
  id,
  offline,
  scanned_at,
}: Pick<Logged, 'id' | 'offline' | 'scanned_at'>): number =>
  offline ? scanned_at.getTime() : Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
