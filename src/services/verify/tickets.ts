import { type Check, LIVE_TICKETS, VOIDED_BY_STAFF } from './check.ts';

/** Tickets exist for what was paid, and say what happened at the door. */
export const ticketChecks: readonly Check[] = [
  {
    name: 'paid_line_has_one_ticket',
    proves: 'Every paid ticket line is one place with exactly one ticket, live unless staff made it void.',
    sql: `
      SELECT l.company_id, l.cart_id, l.id AS sale_detail_id, l.quantity, coalesce(n.tickets, 0) AS tickets
      FROM sale_detail l
      LEFT JOIN (SELECT company_id, sale_detail_id AS id, count(*) AS tickets
        FROM ticket t WHERE status IN ${LIVE_TICKETS} OR ${VOIDED_BY_STAFF}
        GROUP BY company_id, sale_detail_id) AS n USING (company_id, id)
      WHERE l.kind = 'ticket' AND l.status = 'paid' AND (l.quantity, coalesce(n.tickets, 0)) <> (1, 1)`,
  },
  {
    name: 'live_ticket_is_paid_for',
    proves: 'A live ticket hangs on a paid line of a paid cart, or on a courtesy or a subscription.',
    sql: `
      SELECT t.company_id, t.id AS ticket_id, t.event_id, t.cart_id, t.sale_detail_id, c.status AS cart_status,
        l.status AS line_status
      FROM ticket t
      LEFT JOIN cart c ON c.company_id = t.company_id AND c.id = t.cart_id
      LEFT JOIN sale_detail l ON l.company_id = t.company_id AND l.id = t.sale_detail_id
      WHERE t.status IN ${LIVE_TICKETS} AND CASE
        WHEN t.cart_id IS NULL AND t.sale_detail_id IS NULL
          THEN t.courtesy_id IS NULL AND t.subscription_id IS NULL
        ELSE (c.status IN ('paid', 'partially_refunded') AND l.status = 'paid') IS NOT TRUE END`,
  },
  {
    name: 'ticket_agrees_with_its_line',
    proves:
      'A ticket is for the event, type, section and seat that its line paid for, in the same cart and channel.',
    sql: `
      SELECT t.company_id, t.id AS ticket_id, l.id AS sale_detail_id,
        json_build_array(t.cart_id, t.event_id, t.ticket_type_id, t.section_id, t.seat_id, t.interface_id) AS ticket,
        json_build_array(l.cart_id, l.event_id, l.ticket_type_id, l.section_id, l.seat_id, c.interface_id) AS line
      FROM ticket t
      JOIN sale_detail l ON l.company_id = t.company_id AND l.id = t.sale_detail_id
      JOIN cart c ON c.company_id = l.company_id AND c.id = l.cart_id
      WHERE (t.cart_id, t.event_id, t.ticket_type_id, t.section_id, t.seat_id, t.interface_id)
        IS DISTINCT FROM (l.cart_id, l.event_id, l.ticket_type_id, l.section_id, l.seat_id, c.interface_id)`,
  },
  {
    name: 'entries_match_scans',
    proves:
      'Entries of a ticket, and who is inside on it, are what its accepted scans add up to, without undone ones inner ones and exits of those who were never seen to enter.',
    sql: `
      SELECT company_id, id AS ticket_id, t.event_id, t.entries, t.inside,
        coalesce(n.entries, 0) AS scanned_entries, coalesce(n.inside, 0) AS scanned_inside
      FROM ticket t
      FULL JOIN (SELECT company_id, ticket_id AS id, sum(net) AS entries,
          sum(CASE WHEN direction = 'entry' THEN 1 WHEN conflict = 'not_inside' THEN 0 ELSE -1 END) AS inside
        FROM validation WHERE ticket_id IS NOT NULL AND result = 'accepted' AND undone_at IS NULL AND NOT "inner"
        GROUP BY company_id, ticket_id) AS n USING (company_id, id)
      WHERE (t.entries, t.inside) IS DISTINCT FROM (coalesce(n.entries, 0), coalesce(n.inside, 0))`,
  },
  {
    name: 'zones_match_scans',
    proves:
      'Nobody is in a zone who is not inside the event; who went through an inner gate last is where that leads; and people of a zone are those of its tickets.',
    sql: `
      WITH last AS (SELECT DISTINCT ON (v.company_id, v.ticket_id) v.company_id, v.ticket_id, v.zone, v.direction
          FROM validation v WHERE v.ticket_id IS NOT NULL AND v.result = 'accepted' AND v.undone_at IS NULL
            AND EXISTS (SELECT FROM validation i WHERE i.company_id = v.company_id AND i.ticket_id = v.ticket_id AND i."inner")
          ORDER BY v.company_id, v.ticket_id, CASE WHEN v.offline THEN v.scanned_at
            ELSE to_timestamp(('x' || translate(left(v.id::text, 13), '-', ''))::bit(48)::bigint / 1000.0) END DESC, v.id DESC),
        people AS (SELECT t.company_id, t.event_id, t.id, t.inside AS most, z.key AS zone, z.value::int AS there
          FROM ticket t CROSS JOIN jsonb_each_text(t.zones) z WHERE t.zones IS NOT NULL)
      SELECT company_id, event_id, id AS ticket_id, zone, most, there FROM people WHERE there > most OR there < 1
      UNION ALL
      SELECT l.company_id, t.event_id, l.ticket_id, l.zone, t.inside, coalesce(p.there, 0)
      FROM last l JOIN ticket t ON t.company_id = l.company_id AND t.id = l.ticket_id
      LEFT JOIN people p ON p.company_id = l.company_id AND p.id = l.ticket_id AND p.zone = l.zone
      WHERE l.zone IS NOT NULL AND t.inside = 1
        AND coalesce(p.there, 0) <> CASE l.direction WHEN 'entry' THEN 1 ELSE 0 END
      UNION ALL
      SELECT company_id, event_id, NULL, zone, c.inside, coalesce(p.inside, 0)
      FROM zone_count c
      FULL JOIN (SELECT company_id, event_id, zone, sum(there) AS inside FROM people GROUP BY 1, 2, 3) AS p
        USING (company_id, event_id, zone)
      WHERE coalesce(c.inside, 0) <> coalesce(p.inside, 0)`,
  },
  {
    name: 'used_ticket_has_its_entries',
    proves: 'A ticket is used if and only if all its entries are: one, unless its type allows more.',
    sql: `
      SELECT t.company_id, t.id AS ticket_id, t.event_id, t.status, t.entries, coalesce(y.max_entries, 1) AS max_entries
      FROM ticket t
      LEFT JOIN ticket_type y ON y.company_id = t.company_id AND y.id = t.ticket_type_id
      WHERE CASE t.status WHEN 'used' THEN t.entries <> coalesce(y.max_entries, 1)
        WHEN 'valid' THEN t.entries >= coalesce(y.max_entries, 1) ELSE false END`,
  },
];
