/** A ticket type as a taker of places. */
export interface Taker {
  /** How many it may take at most; null: no limit of its own. */
  limit: number | null;
  section_ids: readonly number[];
}

/**
 * How many tickets can be sold in all when types share sections and have limits of their own: the maximum flow from
 * types to sections, found by augmenting paths (Ford and Fulkerson).
 * @param places how many there are in each section
 */
export function mostTickets(takers: readonly Taker[], places: ReadonlyMap<number, number>): number {
  const open = new Map(places);
  let total = 0;
  for (const { limit, section_ids } of takers) {
    if (limit !== null) continue;
    for (const id of section_ids) {
      total += open.get(id) ?? 0; // nothing else can make more of a section than all of it
      open.set(id, 0);
    }
  }
  const limited = takers.filter(({ limit }) => limit !== null);
  const taken = limited.map(() => new Map<number, number>());
  for (const [t, { limit }] of limited.entries()) {
    let left = limit as number;
    while (left > 0) {
      const path = pathToOpen(t, limited, taken, open);
      if (!path) break;
      const n = Math.min(left, ...path.map(({ room }) => room));
      push(path, n, taken, open);
      left -= n;
      total += n;
    }
  }
  return total;
}

/** `taker` takes a place of `section`; the step after it, if any, is by the one that had that place before. */
interface Step {
  taker: number;
  section: number;
  /** How many places can be had by this step. */
  room: number;
}

/** The shortest way in which a taker gets a place, others moving elsewhere for it. */
function pathToOpen(
  start: number,
  takers: readonly Taker[],
  taken: readonly Map<number, number>[],
  open: ReadonlyMap<number, number>,
): Step[] | undefined {
  const seen = new Set<number>();
  const queue: { taker: number; before: Step[] }[] = [{ taker: start, before: [] }];
  for (const { taker, before } of queue) {
    for (const section of takers[taker]?.section_ids ?? []) {
      if (seen.has(section)) continue;
      seen.add(section);
      const free = open.get(section) ?? 0;
      if (free > 0) return [...before, { taker, section, room: free }];
      for (const [other, sections] of taken.entries()) {
        const room = sections.get(section) ?? 0;
        if (room > 0) queue.push({ taker: other, before: [...before, { taker, section, room }] });
      }
    }
  }
  return undefined;
}

function push(
  path: readonly Step[],
  n: number,
  taken: Map<number, number>[],
  open: Map<number, number>,
): void {
  const add = (taker: number, section: number, more: number) => {
    const sections = taken[taker] as Map<number, number>;
    sections.set(section, (sections.get(section) ?? 0) + more);
  };
  for (const [k, { taker, section }] of path.entries()) {
    add(taker, section, n);
    const next = path[k + 1];
    if (next) add(next.taker, section, -n);
    else open.set(section, (open.get(section) as number) - n);
  }
}
