import type { z } from 'zod';
import type { Context } from '../../context.ts';
import { type Database, statement } from '../../db/client.ts';
import { fieldError } from '../../errors.ts';
import type { Rejection, ValidationSummary } from '../../schemas/validations.ts';
import { loadEvent } from '../events/row.ts';
import { countZones } from './zones.ts';

export type Summary = z.output<typeof ValidationSummary>;

const HOUR_MS = 3_600_000;
export const MAX_SPAN_MS = 24 * HOUR_MS;

const COUNTS = `
  (count(*) FILTER (WHERE v.result = 'accepted' AND v.direction = 'entry' AND v.undone_at IS NULL))::int AS entries,
  (count(*) FILTER (WHERE v.result = 'accepted' AND v.direction = 'exit' AND v.undone_at IS NULL
    AND v.conflict IS DISTINCT FROM 'not_inside'))::int AS exits,
  (count(*) FILTER (WHERE v.result = 'rejected'))::int AS rejected`;

const TICKETS = statement(
  'validation_summary_tickets',
  `SELECT coalesce(sum(inside), 0)::int AS inside,
     (count(*) FILTER (WHERE status IN ('valid', 'used')))::int AS live,
     (count(*) FILTER (WHERE validated_at IS NOT NULL))::int AS admitted
   FROM ticket WHERE company_id = $1 AND event_id = $2`,
);
// Every gate of the event, scanned at or not, and what was scanned without naming one.
const GATES = statement(
  'validation_summary_gates',
  `SELECT g.id AS gate_id, g.name, g.zone, coalesce(g."inner", false) AS "inner", coalesce(c.entries, 0) AS entries, coalesce(c.exits, 0) AS exits,
     coalesce(c.rejected, 0) AS rejected
   FROM (SELECT id, name, zone, "inner" FROM gate WHERE company_id = $1 AND event_id = $2) AS g
   FULL JOIN (SELECT v.gate_id, ${COUNTS} FROM validation v
              WHERE v.company_id = $1 AND v.event_id = $2 GROUP BY v.gate_id) AS c ON c.gate_id = g.id
   ORDER BY g.name NULLS LAST, g.id`,
);
const REASONS = statement(
  'validation_summary_reasons',
  `SELECT v.reason, count(*)::int AS count FROM validation v
   WHERE v.company_id = $1 AND v.event_id = $2 AND v.result = 'rejected' AND NOT v."inner"
   GROUP BY v.reason ORDER BY count(*) DESC, v.reason`,
);
const CONFLICTS = statement(
  'validation_summary_conflicts',
  `SELECT count(*)::int AS count FROM validation
   WHERE company_id = $1 AND event_id = $2 AND conflict IS NOT NULL AND undone_at IS NULL`,
);
const MINUTES = statement(
  'validation_summary_minutes',
  `SELECT date_trunc('minute', v.scanned_at) AS at, v.gate_id, ${COUNTS} FROM validation v
   WHERE v.company_id = $1 AND v.event_id = $2 AND v.scanned_at >= $3 AND v.scanned_at < $4
   GROUP BY 1, 2 ORDER BY 1, 2 NULLS LAST`,
);
// Whole minutes in which anything has changed: a scan that came late, or was undone, may be of an old one.
const CHANGED_MINUTES = statement(
  'validation_summary_changed_minutes',
  `SELECT date_trunc('minute', v.scanned_at) AS at, v.gate_id, ${COUNTS} FROM validation v
   WHERE v.company_id = $1 AND v.event_id = $2 AND date_trunc('minute', v.scanned_at) IN (
     SELECT date_trunc('minute', n.scanned_at) FROM validation n
     WHERE n.company_id = $1 AND n.event_id = $2 AND n.version >= $3)
   GROUP BY 1, 2 ORDER BY 1, 2 NULLS LAST`,
);

/** Which minutes are told one by one: those of a time, or those that have changed since a version. */
export type Minutes = { from: Date; to: Date } | { since: number };

/**
 * What happens at the doors of an event: per gate, per minute, and how many are inside now.
 * @throws AppError not_found; validation_failed when the minutes asked for are none, or more than a day
 */
export async function summarizeValidations(
  ctx: Context,
  event_id: number,
  window: { from?: Date | undefined; to?: Date | undefined },
): Promise<Summary> {
  await loadEvent(ctx, event_id);
  const to = window.to ?? ctx.now;
  const from = window.from ?? new Date(to.getTime() - HOUR_MS);
  const span = to.getTime() - from.getTime();
  if (span <= 0 || span > MAX_SPAN_MS)
    throw fieldError('/query/from', 'Name at most 24 hours that end after they begin.');

  return countScans(ctx.system.db, ctx.company_id, event_id, { from, to });
}

/** Adds up the scans of an event as the database has them at this moment. */
export async function countScans(
  db: Database,
  company_id: number,
  event_id: number,
  wanted: Minutes,
): Promise<Summary> {
  const event = [company_id, event_id];
  const minutesOf =
    'since' in wanted
      ? db.scan<Summary['minutes'][number]>(CHANGED_MINUTES, [...event, wanted.since])
      : db.scan<Summary['minutes'][number]>(MINUTES, [...event, wanted.from, wanted.to]);
  const [[tickets], [conflicts], gates, reasons, minutes] = await Promise.all([
    db.scan<{ inside: number; live: number; admitted: number }>(TICKETS, event),
    db.scan<{ count: number }>(CONFLICTS, event),
    db.scan<Summary['gates'][number]>(GATES, event),
    db.scan<{ reason: Rejection; count: number }>(REASONS, event),
    minutesOf,
  ]);
  const { inside = 0, live = 0, admitted = 0 } = tickets ?? {};
  const total = (count: 'entries' | 'exits' | 'rejected') =>
    gates.reduce((sum, gate) => sum + (gate.inner ? 0 : gate[count]), 0);
  const zones = gates.some(({ inner }) => inner) ? await countZones(db, company_id, event_id) : [];
  return {
    event_id,
    inside,
    conflicts: conflicts?.count ?? 0,
    entries: total('entries'),
    exits: total('exits'),
    rejected: total('rejected'),
    tickets: { live, admitted },
    reasons,
    gates,
    zones,
    minutes,
  };
}
