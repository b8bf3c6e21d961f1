import { type Check, LIVE_TICKETS, VOIDED_BY_STAFF } from './check.ts';

/** Free tickets are given, counted and taken back one by one. */
export const courtesyChecks: readonly Check[] = [
  {
    name: 'courtesy_has_its_ticket',
    proves:
      'An issued courtesy has its one ticket, for its event, type and place: live unless staff made it void or it was passed on.',
    sql: `
      SELECT k.company_id, k.id AS courtesy_id, k.event_id, k.ticket_id, t.status AS ticket_status
      FROM courtesy k
      LEFT JOIN ticket t ON t.company_id = k.company_id AND t.id = k.ticket_id AND t.courtesy_id = k.id
        AND t.event_id = k.event_id AND t.ticket_type_id = k.ticket_type_id
        AND t.section_id IS NOT DISTINCT FROM k.section_id AND t.seat_id IS NOT DISTINCT FROM k.seat_id
      WHERE k.status = 'issued'
        AND (t.id IS NULL OR NOT (t.status IN ${LIVE_TICKETS} OR t.status = 'transferred' OR ${VOIDED_BY_STAFF}))`,
  },
  {
    name: 'ended_courtesy_lets_nobody_in',
    proves: 'No live ticket hangs on a courtesy that is not issued.',
    sql: `
      SELECT t.company_id, t.id AS ticket_id, t.event_id, k.id AS courtesy_id, k.status AS courtesy_status
      FROM ticket t JOIN courtesy k ON k.company_id = t.company_id AND k.id = t.courtesy_id
      WHERE t.status IN ${LIVE_TICKETS} AND k.status <> 'issued'`,
  },
  {
    name: 'host_quota_matches_courtesies',
    proves: 'What a host has used of the quota is what was asked for or given, and within it.',
    sql: `
      SELECT company_id, event_id, host, h.quota, h.used, coalesce(n.given, 0) AS given
      FROM host_quota h
      FULL JOIN (SELECT company_id, event_id, host, count(*) AS given FROM courtesy
        WHERE host IS NOT NULL AND status IN ('requested', 'issued') GROUP BY company_id, event_id, host) AS n
        USING (company_id, event_id, host)
      WHERE h.used IS DISTINCT FROM coalesce(n.given, 0) OR h.used > h.quota`,
  },
];
