import type { z } from 'zod';
import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import type { CourtesyReport } from '../../schemas/courtesies.ts';
import { doorAt } from '../validations/prepare.ts';
import { OVER } from './read.ts';

type Report = z.output<typeof CourtesyReport>;
type Counts = Omit<Report, 'event_id' | 'over' | 'hosts'>;

const counted = (status: string) => `(count(*) FILTER (WHERE k.status = '${status}'))::int AS ${status}`;

// Hosts who have given nothing stand in it with their quota, and what was given by no host beside them.
const HOSTS = statement(
  'courtesy_report',
  `WITH counts AS (
     SELECT k.host, ${['requested', 'issued', 'rejected', 'expired', 'revoked'].map(counted).join(', ')},
       (count(*) FILTER (WHERE k.status = 'issued' AND t.validated_at IS NOT NULL))::int AS admitted
     FROM courtesy k LEFT JOIN ticket t ON t.company_id = k.company_id AND t.id = k.ticket_id
     WHERE k.company_id = $1 AND k.event_id = $2 GROUP BY k.host)
   SELECT coalesce(h.host, c.host) AS host, h.quota, coalesce(c.requested, 0) AS requested,
     coalesce(c.issued, 0) AS issued, coalesce(c.rejected, 0) AS rejected, coalesce(c.expired, 0) AS expired,
     coalesce(c.revoked, 0) AS revoked, coalesce(c.admitted, 0) AS admitted
   FROM (SELECT host, quota FROM host_quota WHERE company_id = $1 AND event_id = $2) AS h
   FULL JOIN counts c ON c.host = h.host
   ORDER BY lower(coalesce(h.host, c.host)) NULLS LAST, 1`,
);
const IS_OVER = statement(
  'courtesy_report_over',
  `SELECT ${OVER} AS over FROM event e WHERE e.company_id = $1 AND e.id = $2`,
);

/**
 * What became of the courtesies of an event, host by host: who came, and who did not.
 * @throws AppError not_found
 */
export async function reportCourtesies(ctx: Context, event_id: number): Promise<Report> {
  await doorAt(ctx, event_id, null);
  const { db } = ctx.system;
  const values = [ctx.company_id, event_id];
  const [rows, [event]] = await Promise.all([
    db.query<Omit<Report['hosts'][number], 'no_shows'>>(HOSTS, values),
    db.query<{ over: boolean }>(IS_OVER, values),
  ]);
  const over = event?.over ?? false;
  const hosts = rows.map((row) => ({ ...row, no_shows: over ? row.issued - row.admitted : 0 }));
  const sum = (field: keyof Counts) => hosts.reduce((total, host) => total + host[field], 0);
  return {
    ...{ event_id, over },
    ...{ requested: sum('requested'), issued: sum('issued'), rejected: sum('rejected') },
    ...{
      expired: sum('expired'),
      revoked: sum('revoked'),
      admitted: sum('admitted'),
      no_shows: sum('no_shows'),
    },
    hosts,
  };
}
