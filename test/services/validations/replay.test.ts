import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Logged, momentOf, replay } from '../../../src/services/validations/replay.ts';

const ONCE = { re_entry: false, max_entries: 1 };
const AGAIN = { re_entry: true, max_entries: 1 };

/** A scan at a minute of the evening; an online one has its time in its id. */
function scan(minute: number, more: Partial<Logged> = {}): Logged {
  const at = Date.UTC(2026, 5, 1, 20, minute);
  const hex = at.toString(16).padStart(12, '0');
  const tail = (more.id ?? minute.toString(16)).padStart(12, '0');
  return {
    ...{ direction: 'entry', offline: true, scanned_at: new Date(at), forced: false, reason: null },
    ...{ net: 0, conflict: null, conflict_id: null, zone: null, gate_id: null },
    ...more,
    id: `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-${tail}`,
  };
}
const said = (log: Logged[], rules = ONCE) =>
  replay(log, rules).scans.map(({ net, conflict }) => (conflict ? `${net} ${conflict}` : `${net}`));

describe('the log of a ticket', () => {
  it('moves people between zones: nobody is in one who is outside, nor twice', () => {
    const into = (minute: number, zone: string, more: Partial<Logged> = {}) =>
      scan(minute, { zone, gate_id: 7, ...more });
    const log = [scan(1), into(2, 'Bar'), into(3, 'Bar'), into(4, 'Stage')];
    for (const heard of [log, log.toReversed()]) {
      const { scans, zones } = replay(heard, AGAIN);
      expect(scans.map(({ net, conflict, conflict_id }) => [net, conflict, conflict_id])).toEqual([
        [1, null, null],
        [0, null, null],
        [0, 'already_used', log[1]?.id],
        [0, null, null],
      ]);
      expect(zones).toEqual({ Bar: 1, Stage: 1 });
    }
    expect(replay(log, AGAIN, new Set([7])).scans.map(({ conflict }) => conflict)).toEqual(
      Array(4).fill(null),
    );
    expect(replay([...log, scan(5, { direction: 'exit' })], AGAIN).zones).toBeNull();
    expect(replay([...log, into(5, 'Bar', { direction: 'exit' })], AGAIN).zones).toEqual({ Stage: 1 });
    expect(replay([into(2, 'Bar')], ONCE)).toMatchObject({ zones: null, scans: [{ conflict: null }] });
    const three = { re_entry: false, max_entries: 3 };
    const group = [1, 2, 3].flatMap((n) => [scan(n), into(10 + n, 'Bar')]);
    expect(replay(group, three)).toMatchObject({ inside: 3, zones: { Bar: 3 } });
    expect(replay([...group, scan(20, { direction: 'exit' })], three).zones).toEqual({ Bar: 2 });
  });

  it('counts the earlier of two entries, whichever was heard of first; the later names it', () => {
    const [early, late] = [scan(1), scan(2)];
    for (const log of [
      [early, late],
      [late, early],
    ]) {
      const { scans, ...ticket } = replay(log, ONCE);
      expect(scans).toEqual([
        { ...early, net: 1 },
        { ...late, net: 0, conflict: 'already_used', conflict_id: early.id },
      ]);
      expect(ticket).toEqual({ entries: 1, inside: 2, zones: null, validated_at: late.scanned_at });
    }
  });

  it('gives an entry back by an exit where the type allows re-entry, and not elsewhere', () => {
    const log = [scan(1), scan(2, { direction: 'exit' }), scan(3)];
    expect(said(log, AGAIN)).toEqual(['1', '-1', '1']);
    expect(said(log, ONCE)).toEqual(['1', '0', '0 already_used']);
  });

  it('knows an exit before any entry for what it is, until the entry is heard of', () => {
    const exit = scan(2, { direction: 'exit' });
    expect(said([exit], AGAIN)).toEqual(['0 not_inside']);
    expect(replay([exit], AGAIN)).toMatchObject({ entries: 0, inside: 0, validated_at: null });
    expect(said([exit, scan(1)], AGAIN)).toEqual(['1', '-1']);
  });

  it('takes no entry for a dead code, and lets the holder of the good one in', () => {
    expect(said([scan(1, { reason: 'revoked' }), scan(2)])).toEqual(['0 revoked', '1']);
  });

  it('says what a device did not keep to; what was forced somebody wanted', () => {
    expect(said([scan(1, { reason: 'wrong_gate' })])).toEqual(['1 wrong_gate']);
    expect(said([scan(1), scan(2, { forced: true, reason: 'already_used' })])).toEqual(['1', '0']);
    expect(said([scan(1, { offline: false, reason: 'unpaid', forced: true })])).toEqual(['1']);
  });

  it('puts online scans by the time in their ids, whatever clock the gate had', () => {
    const online = scan(5, { offline: false, scanned_at: new Date(0) });
    expect(momentOf(online)).toBe(Date.UTC(2026, 5, 1, 20, 5));
    expect(replay([online, scan(4)], ONCE).scans.map(({ offline }) => offline)).toEqual([true, false]);
  });

  const logs = fc.array(
    fc.record({
      minute: fc.integer({ min: 0, max: 59 }),
      direction: fc.constantFrom('entry' as const, 'exit' as const),
      offline: fc.boolean(),
      forced: fc.boolean(),
      reason: fc.constantFrom(null, 'revoked' as const, 'wrong_gate' as const),
    }),
    { maxLength: 12 },
  );
  const rules = fc.record({ re_entry: fc.boolean(), max_entries: fc.integer({ min: 1, max: 4 }) });

  it('says the same whatever order it was written in, and however often it is gone through', () => {
    fc.assert(
      fc.property(logs, rules, fc.infiniteStream(fc.double({ noNaN: true })), (rows, admission, dice) => {
        const log = rows.map(({ minute, ...more }, i) => scan(minute, { ...more, id: i.toString(16) }));
        const shuffled = log
          .map((row) => ({ row, key: dice.next().value as number }))
          .sort((a, b) => a.key - b.key)
          .map(({ row }) => row);
        const once = replay(log, admission);
        expect(replay(shuffled, admission)).toEqual(once);
        expect(replay(once.scans, admission)).toEqual(once);
      }),
    );
  });

  it('keeps its books: entries are the sum of nets, within the limit, and nobody is inside who was not seen', () => {
    fc.assert(
      fc.property(logs, rules, (rows, admission) => {
        const log = rows.map(({ minute, ...more }, i) => scan(minute, { ...more, id: i.toString(16) }));
        const { scans, entries, inside } = replay(log, admission);
        expect(entries).toBe(scans.reduce((sum, { net }) => sum + net, 0));
        expect(entries).toBeGreaterThanOrEqual(0);
        expect(entries).toBeLessThanOrEqual(admission.max_entries);
        const through = scans.filter(({ conflict }) => conflict !== 'not_inside');
        expect(inside).toBe(
          through.reduce((sum, { direction }) => sum + (direction === 'entry' ? 1 : -1), 0),
        );
        expect(inside).toBeGreaterThanOrEqual(0);
        expect(scans).toHaveLength(log.length);
      }),
    );
  });
});
