import { type Database, statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import type { TicketRow } from '../tickets/row.ts';

/** How many people of a ticket are in which zone; null when nobody is in any. Never more than are inside the event. */
export type Zones = TicketRow['zones'];

/**
 * Is somebody who would go into a zone there already? All who are inside the event are, and as many as the type lets in:
 * of a ticket for several, or for several times, another may come.
 */
export const isPassBack = (
  zones: Zones,
  zone: string,
  { inside, max_entries }: { inside: number; max_entries: number },
): boolean => (zones?.[zone] ?? 0) >= Math.max(inside, max_entries, 1);

/** Zones after somebody went through an inner gate: the same object when that changes nothing. */
export function passed(zones: Zones, zone: string, direction: 'entry' | 'exit', inside: number): Zones {
  const before = zones?.[zone] ?? 0;
  const after = direction === 'entry' ? Math.min(before + 1, inside) : Math.max(before - 1, 0);
  return after === before ? zones : withoutEmpty({ ...zones, [zone]: after });
}

/** Zones after somebody left the event: whoever is in one is inside. */
export function afterExit(zones: Zones, inside: number): Zones {
  if (zones === null || Object.values(zones).every((there) => there <= inside)) return zones;
  return withoutEmpty(
    Object.fromEntries(Object.entries(zones).map(([zone, there]) => [zone, Math.min(there, inside)])),
  );
}

function withoutEmpty(zones: Record<string, number>): Zones {
  const left = Object.entries(zones).filter(([, there]) => there > 0);
  return left.length ? Object.fromEntries(left) : null;
}

const MOVE = statement(
  'zones_move',
  `UPDATE ticket t SET zones = m.zones FROM unnest($2::uuid[], $3::jsonb[]) AS m (id, zones)
   WHERE t.company_id = $1 AND t.id = ANY($2) AND t.id = m.id`,
);
// In one order, lest two batches wait for each other: whoever comes here holds the locks of its tickets, and no more.
const COUNT = statement(
  'zones_count',
  `INSERT INTO zone_count AS z (company_id, event_id, zone, inside)
   SELECT $1, r.event_id, r.zone, r.inside FROM unnest($2::int[], $3::text[], $4::int[]) AS r (event_id, zone, inside)
   ORDER BY r.event_id, r.zone COLLATE "C"
   ON CONFLICT (company_id, event_id, zone) DO UPDATE SET inside = z.inside + excluded.inside`,
);

/**
 * Writes where the people of tickets are now, and counts them. The tickets are locked.
 * @throws Error when a ticket is not there
 */
export async function moveZones(
  tx: Tx,
  company_id: number,
  moves: readonly { from: TicketRow; to: TicketRow }[],
): Promise<void> {
  const moved = moves.flatMap(({ from, to }) => {
    const by_zone = differences(from, to);
    return by_zone.length ? [{ to, by_zone }] : [];
  });
  if (!moved.length) return;
  const sums = new Map<string, { event_id: number; zone: string; by: number }>();
  for (const { to, by_zone } of moved)
    for (const { zone, by } of by_zone) {
      const key = `${to.event_id} ${zone}`;
      sums.set(key, { event_id: to.event_id, zone, by: (sums.get(key)?.by ?? 0) + by });
    }
  const counts = [...sums.values()].filter(({ by }) => by !== 0);
  const [written] = await Promise.all([
    tx.execute(MOVE, [
      company_id,
      moved.map(({ to }) => to.id),
      moved.map(({ to }) => to.zones && JSON.stringify(to.zones)),
    ]),
    counts.length &&
      tx.execute(COUNT, [
        company_id,
        counts.map(({ event_id }) => event_id),
        counts.map(({ zone }) => zone),
        counts.map(({ by }) => by),
      ]),
  ]);
  if (written !== moved.length) throw new Error(`moved ${written} of ${moved.length} tickets between zones`);
}

function differences({ zones: a }: TicketRow, { zones: b }: TicketRow): { zone: string; by: number }[] {
  if (a === b) return [];
  const names = new Set([...Object.keys(a ?? {}), ...Object.keys(b ?? {})]);
  return [...names]
    .map((zone) => ({ zone, by: (b?.[zone] ?? 0) - (a?.[zone] ?? 0) }))
    .filter(({ by }) => by !== 0);
}

// Also zones that no gate leads to any more by their name, while somebody is in one.
const ZONES = statement(
  'validation_zones',
  `SELECT n.zone, coalesce(z.inside, 0) AS inside
   FROM (SELECT coalesce(g.zone, g.name) AS zone FROM gate g
         WHERE g.company_id = $1 AND g.event_id = $2 AND g."inner"
         UNION SELECT o.zone FROM zone_count o WHERE o.company_id = $1 AND o.event_id = $2 AND o.inside > 0) AS n
   LEFT JOIN zone_count z ON z.company_id = $1 AND z.event_id = $2 AND z.zone = n.zone ORDER BY n.zone`,
);

/** How many people are in each zone behind inner gates. A gate without a zone is one by its name. */
export const countZones = (
  db: Database,
  company_id: number,
  event_id: number,
): Promise<{ zone: string; inside: number }[]> => db.scan(ZONES, [company_id, event_id]);
