import { type Database, statement } from '../../db/client.ts';

// A ticket of one person is where it was scanned last: in the zone after an entry there, out of it after an exit there or
// at any outer gate since. Of one that several came in on, entries less exits, never more than are inside. Scans judged
// here are ordered by their ids (UUIDv7: made under the lock of the ticket), those of devices by their corrected clock.
const ZONES = statement(
  'validation_zones',
  `WITH passed AS MATERIALIZED (
     SELECT v.ticket_id, v.gate_id, v."inner", CASE v.direction WHEN 'entry' THEN 1 ELSE -1 END AS step,
       (lpad(CASE WHEN v.offline THEN (extract(epoch FROM v.scanned_at) * 1000)::bigint
         ELSE ('x' || translate(left(v.id::text, 13), '-', ''))::bit(48)::bigint END::text, 16, '0') || v.id::text) COLLATE "C"
         AS moment
     FROM validation v WHERE v.company_id = $1 AND v.event_id = $2 AND v.ticket_id IS NOT NULL
       AND v.result = 'accepted' AND v.undone_at IS NULL AND v.conflict IS DISTINCT FROM 'not_inside'),
   outside AS (SELECT ticket_id, max(moment) AS last FROM passed WHERE NOT "inner" GROUP BY ticket_id),
   zoned AS (
     SELECT p.ticket_id, coalesce(g.zone, g.name) AS zone, sum(p.step) AS net, max(p.moment) AS last,
       (array_agg(p.step ORDER BY p.moment DESC))[1] AS step
     FROM passed p JOIN gate g ON g.company_id = $1 AND g.id = p.gate_id
     WHERE p."inner" GROUP BY p.ticket_id, coalesce(g.zone, g.name)),
   people AS (
     SELECT z.zone, CASE WHEN t.inside > 1 THEN least(t.inside, greatest(z.net, 0))
       ELSE least(t.inside, CASE WHEN z.step = 1 AND (o.last IS NULL OR z.last > o.last) THEN 1 ELSE 0 END) END AS inside
     FROM zoned z JOIN ticket t ON t.company_id = $1 AND t.id = z.ticket_id
     LEFT JOIN outside o ON o.ticket_id = z.ticket_id)
   SELECT n.zone, coalesce(sum(p.inside), 0)::int AS inside
   FROM (SELECT DISTINCT coalesce(zone, name) AS zone FROM gate
         WHERE company_id = $1 AND event_id = $2 AND "inner") AS n
   LEFT JOIN people p ON p.zone = n.zone GROUP BY n.zone ORDER BY n.zone`,
);

/** How many people are in each zone behind inner gates. A gate without a zone is one by its name. */
export const countZones = (
  db: Database,
  company_id: number,
  event_id: number,
): Promise<{ zone: string; inside: number }[]> => db.query(ZONES, [company_id, event_id]);
