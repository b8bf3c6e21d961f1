import { type Check, LIVE_TICKETS, UNSOLD_CARTS, VOIDED_BY_STAFF } from './check.ts';

/** Seats, tickets and held lines agree, looked at from each side. */
export const seatChecks: readonly Check[] = [
  {
    name: 'seat_has_one_live_ticket',
    proves: 'A seat of an event has at most one live ticket.',
    sql: `
      SELECT company_id, event_id, seat_id, array_agg(id ORDER BY id) AS ticket_ids
      FROM ticket WHERE status IN ${LIVE_TICKETS} AND seat_id IS NOT NULL
      GROUP BY company_id, event_id, seat_id HAVING count(*) > 1`,
  },
  {
    name: 'sold_seat_has_its_ticket',
    proves:
      'A sold seat names a ticket for it, of the cart it was sold to: live, or void with its place kept or still paid for.',
    sql: `
      SELECT s.company_id, s.event_id, s.seat_id, s.ticket_id, s.cart_id, t.status AS ticket_status
      FROM event_seat s
      LEFT JOIN ticket t ON t.company_id = s.company_id AND t.id = s.ticket_id
        AND t.event_id = s.event_id AND t.seat_id = s.seat_id
      LEFT JOIN sale_detail l ON l.company_id = t.company_id AND l.id = t.sale_detail_id
      WHERE s.status = 'sold' AND (t.id IS NULL OR s.cart_id IS DISTINCT FROM t.cart_id
        OR NOT (t.status IN ${LIVE_TICKETS} OR coalesce(l.stock_kept, false)
          OR ((l.status = 'paid' OR EXISTS (SELECT FROM courtesy k WHERE k.company_id = t.company_id
            AND k.ticket_id = t.id AND k.status = 'issued')) AND ${VOIDED_BY_STAFF})))`,
  },
  {
    name: 'live_ticket_has_its_seat',
    proves: 'The seat of a live ticket is sold, not held by a cart, blocked or on sale.',
    sql: `
      SELECT t.company_id, t.id AS ticket_id, t.event_id, t.seat_id, s.status AS seat_status
      FROM ticket t
      LEFT JOIN event_seat s ON s.company_id = t.company_id AND s.event_id = t.event_id AND s.seat_id = t.seat_id
      WHERE t.status IN ${LIVE_TICKETS} AND t.seat_id IS NOT NULL AND s.status IS DISTINCT FROM 'sold'`,
  },
  {
    name: 'held_seat_has_its_cart',
    proves: 'A held seat is on a held line of the unpaid cart that it names.',
    sql: `
      SELECT s.company_id, s.event_id, s.seat_id, s.cart_id, s.hold_expires_at
      FROM event_seat s
      WHERE s.status = 'held' AND NOT EXISTS (
        SELECT FROM sale_detail l JOIN cart c ON c.company_id = l.company_id AND c.id = l.cart_id
        WHERE l.company_id = s.company_id AND l.cart_id = s.cart_id AND l.event_id = s.event_id
          AND l.seat_id = s.seat_id AND l.status = 'held' AND c.status IN ${UNSOLD_CARTS})`,
  },
  {
    name: 'held_line_has_its_seat',
    // A hold that ran out is worth nothing: another cart may have taken the seat before any sweeper came by.
    proves: 'The seat of a line whose hold lasts is held by its cart and nobody else.',
    sql: `
      SELECT l.company_id, l.id AS sale_detail_id, l.cart_id, l.event_id, l.seat_id,
        s.status AS seat_status, s.cart_id AS seat_cart_id
      FROM sale_detail l
      JOIN cart c ON c.company_id = l.company_id AND c.id = l.cart_id
      CROSS JOIN clock
      LEFT JOIN event_seat s ON s.company_id = l.company_id AND s.event_id = l.event_id AND s.seat_id = l.seat_id
      WHERE l.status = 'held' AND l.seat_id IS NOT NULL
        AND c.status IN ${UNSOLD_CARTS} AND c.expires_at > clock.at
        AND (s.status IS DISTINCT FROM 'held' OR s.cart_id <> l.cart_id)`,
  },
  {
    name: 'seat_hold_ends_with_its_cart',
    proves: 'A seat is held exactly as long as the cart that holds it.',
    sql: `
      SELECT s.company_id, s.event_id, s.seat_id, s.cart_id, s.hold_expires_at, c.expires_at AS cart_expires_at
      FROM event_seat s JOIN cart c ON c.company_id = s.company_id AND c.id = s.cart_id
      WHERE s.status = 'held' AND s.hold_expires_at <> c.expires_at`,
  },
];
