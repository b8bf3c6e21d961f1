import type { z } from 'zod';
import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import type { WaitlistSummary } from '../../schemas/waitlist.ts';
import { loadEvent } from '../events/row.ts';
import { ENTRIES, SHOWN } from './row.ts';
import { settingsOf } from './settings.ts';

const STATUSES = statement(
  'waitlist_summary_statuses',
  `SELECT ${SHOWN} AS status, count(*)::int AS parties, sum(w.party_size)::int AS places, min(w.created_at) AS since
   FROM ${ENTRIES} WHERE w.company_id = $1 AND w.event_id = $2 AND w.interface_id = $3 GROUP BY 1 ORDER BY 1`,
);
const REASONS = statement(
  'waitlist_summary_reasons',
  `SELECT l.reason, count(*)::int AS parties, sum(w.party_size)::int AS places
   FROM waitlist_entry w, LATERAL (SELECT g.what, g.reason FROM waitlist_log g
     WHERE g.company_id = w.company_id AND g.entry_id = w.id ORDER BY g.id DESC LIMIT 1) AS l
   WHERE w.company_id = $1 AND w.event_id = $2 AND w.interface_id = $3 AND w.status = 'waiting'
     AND l.what = 'passed_over'
   GROUP BY l.reason ORDER BY parties DESC, l.reason`,
);

interface Counted {
  parties: number;
  places: number;
}

/**
 * An event's list on this interface in figures.
 * @throws AppError not_found
 */
export async function summarize(ctx: Context, event_id: number): Promise<z.output<typeof WaitlistSummary>> {
  await loadEvent(ctx, event_id);
  const { db } = ctx.system;
  const values = [ctx.company_id, event_id, ctx.interface.id];
  const [rows, passed_over, { reserved }] = await Promise.all([
    db.scan<Counted & { status: string; since: Date }>(STATUSES, values),
    db.scan<Counted & { reason: string }>(REASONS, values),
    settingsOf(db, ctx.company_id, event_id),
  ]);
  return {
    event_id,
    reserved,
    waiting_since: rows.find(({ status }) => status === 'waiting')?.since ?? null,
    statuses: Object.fromEntries(rows.map(({ status, parties, places }) => [status, { parties, places }])),
    passed_over,
  };
}
