import type { Rejection } from '../../schemas/validations.ts';
import type { Admission } from './door.ts';
import type { ValidationRow } from './row.ts';

/** A scan that somebody went through on, as far as the log of its ticket is concerned. */
export type Logged = Pick<
  ValidationRow,
  'id' | 'direction' | 'offline' | 'scanned_at' | 'forced' | 'reason' | 'net' | 'conflict' | 'conflict_id'
>;

/** What the log says of a scan and of its ticket: a function of the log alone, whatever order it was written in. */
export interface Replayed<Scan extends Logged> {
  /** In their order, with the net, conflict and conflict_id that they have in it. */
  scans: Scan[];
  entries: number;
  inside: number;
  validated_at: Date | null;
}

/**
 * The rule by which scans of gates that did not know of each other are settled. The scans of a ticket are put in order of
 * time: those judged here by the moment of their judgement, those of a device by its clock less the skew of it. Then they
 * are gone through once: an entry counts while the ticket has one left, an exit gives one back where the type allows
 * re-entry. An entry beyond that is a double entry: the person is inside, the ticket's entry is the earlier one.
 */
export function replay<Scan extends Logged>(
  log: readonly Scan[],
  { re_entry, max_entries }: Pick<Admission, 're_entry' | 'max_entries'>,
): Replayed<Scan> {
  const ordered = log.toSorted((a, b) => momentOf(a) - momentOf(b) || (a.id < b.id ? -1 : 1));
  let entries = 0;
  let inside = 0;
  let validated_at: Date | null = null;
  let counted: string | null = null;
  const scans = ordered.map((scan): Scan => {
    if (scan.direction === 'exit') {
      if (inside === 0) return { ...scan, net: 0, conflict: 'not_inside', conflict_id: null };
      // An exit beyond the entries that count has none to give back.
      const net = re_entry && entries >= inside ? -1 : 0;
      entries += net;
      inside--;
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
  return { scans, entries, inside, validated_at };
}

/** What was forced somebody wanted. A code that is dead uses up no entry of its ticket. */
function conflictOf({ forced, offline, reason }: Logged, counts: boolean): Rejection | null {
  if (forced) return null;
  if (reason === 'revoked') return reason;
  if (!counts) return 'already_used';
  return offline ? reason : null;
}

/** Online, ids are made under the lock of the ticket: their time is that of the judgement. */
export const momentOf = ({
  id,
  offline,
  scanned_at,
}: Pick<Logged, 'id' | 'offline' | 'scanned_at'>): number =>
  offline ? scanned_at.getTime() : Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
