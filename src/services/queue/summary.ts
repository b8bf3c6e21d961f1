import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import type { QueueSummary } from '../../schemas/queues.ts';
import { queueTime } from './place.ts';
import { STATUS_NOW, USE_OF_PLACE } from './row.ts';
import { loadQueue, statusOf } from './settings.ts';

const LANES = statement(
  'queue_summary',
  `SELECT c.interface_id, coalesce(i.inflow, q.inflow) AS inflow, coalesce(i.max_inside, q.max_inside) AS max_inside,
     coalesce(n.waiting, 0) AS waiting, coalesce(n.inside, 0) AS inside, coalesce(n.admitted, 0) AS admitted,
     coalesce(n.used, 0) AS used, coalesce(n.expired, 0) AS expired, coalesce(n."left", 0) AS "left",
     (SELECT coalesce(sum(r.admitted), 0)::int FROM queue_round r WHERE r.company_id = c.company_id
        AND r.event_id = c.event_id AND r.interface_id = c.interface_id AND r.at > now() - interval '1 minute') AS last_minute
   FROM event_interface c
   JOIN queue q ON q.company_id = c.company_id AND q.event_id = c.event_id
   LEFT JOIN queue_interface i ON i.company_id = c.company_id AND i.event_id = c.event_id AND i.interface_id = c.interface_id
   LEFT JOIN (SELECT s.interface_id, count(*) FILTER (WHERE s.status = 'waiting') AS waiting,
       count(*) FILTER (WHERE s.status = 'admitted') AS inside, count(s.admitted_at) AS admitted,
       count(*) FILTER (WHERE s.status = 'used') AS used, count(*) FILTER (WHERE s.status = 'expired') AS expired,
       count(*) FILTER (WHERE s.status = 'left') AS "left"
     FROM (SELECT p.interface_id, p.admitted_at, ${STATUS_NOW} AS status FROM queue_place p LEFT JOIN ${USE_OF_PLACE}
       WHERE p.company_id = $1 AND p.event_id = $2) AS s GROUP BY s.interface_id) AS n ON n.interface_id = c.interface_id
   WHERE c.company_id = $1 AND c.event_id = $2 ORDER BY c.interface_id`,
);

type Lane = QueueSummary['interfaces'][number];

/**
 * What goes on at the gate of an event, as a whole and on each interface.
 * @throws AppError not_found
 */
export async function queueSummary(ctx: Context, event_id: number): Promise<QueueSummary> {
  const queue = await loadQueue(ctx, event_id);
  const rows = await ctx.system.db.query<Lane>(LANES, [ctx.company_id, event_id]);
  const running = statusOf(queue, ctx.now) === 'running';
  const interfaces = rows.map((lane) => ({
    ...lane,
    estimated_wait: running && lane.inflow ? queueTime(lane.waiting + 1, lane.inflow) : null,
  }));
  const sum = (field: 'waiting' | 'inside' | 'admitted' | 'used' | 'expired' | 'left') =>
    interfaces.reduce((n, lane) => n + lane[field], 0);
  return {
    ...{ event_id, status: statusOf(queue, ctx.now) },
    ...{ waiting: sum('waiting'), inside: sum('inside'), admitted: sum('admitted') },
    ...{ used: sum('used'), expired: sum('expired'), left: sum('left') },
    interfaces,
  };
}
