import { type Breaches, OF_LIVE_TICKET, oneOf } from './sql.ts';

/** Seats, counters and limits. */
export const STOCK_BREACHES: Breaches = {
  seat_has_one_live_ticket: [
    [
      'DROP INDEX ticket_live_seat',
      `INSERT INTO ticket (company_id, id, event_id, interface_id, section_id, seat_id, courtesy_id)
       SELECT company_id, gen_random_uuid(), event_id, interface_id, section_id, seat_id, gen_random_uuid()
       FROM ticket WHERE status = 'valid' AND seat_id IS NOT NULL LIMIT 1`,
    ],
  ],
  sold_seat_has_its_ticket: [
    [oneOf('event_seat', "status = 'available'", "status = 'sold', ticket_id = gen_random_uuid()")],
    [oneOf('event_seat', "status = 'sold'", 'cart_id = gen_random_uuid()')],
    [
      oneOf(
        'event_seat',
        "status = 'sold'",
        'ticket_id = (SELECT id FROM ticket WHERE seat_id IS NULL LIMIT 1)',
      ),
    ],
    // The line of a kept place, as if its place had been given back.
    [oneOf('sale_detail', 'stock_kept AND seat_id IS NOT NULL', 'stock_kept = false')],
  ],
  live_ticket_has_its_seat: [
    [
      oneOf(
        'event_seat',
        "status = 'sold'",
        "status = 'available', cart_id = NULL, ticket_id = NULL",
        OF_LIVE_TICKET,
      ),
    ],
    [
      `INSERT INTO block (company_id, event_id, kind, name)
       SELECT company_id, event_id, 'kill', 'Camera' FROM event_seat LIMIT 1`,
      oneOf(
        'event_seat',
        "status = 'sold'",
        "status = 'blocked', cart_id = NULL, ticket_id = NULL, block_id = (SELECT max(id) FROM block)",
        OF_LIVE_TICKET,
      ),
    ],
  ],
  held_seat_has_its_cart: [
    [
      oneOf(
        'event_seat',
        "status = 'available'",
        "status = 'held', cart_id = gen_random_uuid(), hold_expires_at = now() + interval '1 hour'",
      ),
    ],
  ],
  held_line_has_its_seat: [
    [
      oneOf(
        'event_seat',
        "status = 'held' AND hold_expires_at > now()",
        "status = 'available', cart_id = NULL, hold_expires_at = NULL",
      ),
    ],
  ],
  seat_hold_ends_with_its_cart: [
    [oneOf('event_seat', "status = 'held'", "hold_expires_at = hold_expires_at - interval '1 second'")],
  ],

  section_within_capacity: [
    [
      'ALTER TABLE event_section DROP CONSTRAINT event_section_within_capacity',
      oneOf('event_section', 'held + sold > 0', 'capacity = held + sold + blocked - 1'),
    ],
  ],
  section_counters_match_rows: [
    [oneOf('event_section', 'held + sold > 0', 'sold = sold + 1')],
    [oneOf('event_section', 'held > 0', 'held = held - 1')],
    [oneOf('event_section', 'held + sold > 0', 'blocked = blocked + 1')],
    // A seated section counts nothing: its stock is its seats.
    [oneOf('event_section', 'held + sold = 0', 'held = held + 1')],
  ],
  ticket_type_within_capacity: [
    [
      'ALTER TABLE ticket_type DROP CONSTRAINT ticket_type_within_capacity',
      oneOf('ticket_type', 'capacity IS NOT NULL AND sold > 0', 'capacity = held + sold - 1'),
    ],
  ],
  ticket_type_counters_match_rows: [
    [oneOf('ticket_type', 'capacity IS NOT NULL AND sold > 0', 'sold = sold - 1')],
    [oneOf('ticket_type', 'capacity IS NOT NULL AND held > 0', 'held = held - 1')],
  ],
  product_within_capacity: [
    [
      'ALTER TABLE product DROP CONSTRAINT product_within_capacity',
      oneOf('product', 'capacity IS NOT NULL AND sold > 0', 'capacity = held + sold - 1'),
    ],
  ],
  product_counters_match_rows: [
    [oneOf('product', 'capacity IS NOT NULL AND sold > 0', 'sold = sold - 1')],
    [oneOf('product', 'capacity IS NOT NULL AND held > 0', 'held = held - 1')],
  ],

  code_within_limit: [
    [
      'ALTER TABLE code DROP CONSTRAINT code_within_limit',
      oneOf('code', 'held + used > 0', 'max_uses = held + used - 1'),
    ],
  ],
  code_counters_match_rows: [
    [oneOf('code', 'max_uses IS NULL', 'used = used + 1')],
    [oneOf('code', 'held > 0', 'held = held - 1')],
  ],
  code_fits_its_cart: [
    [
      `UPDATE code SET held = held + 1 WHERE id = (SELECT code_id FROM cart_code WHERE status = 'released'
       ORDER BY cart_id, code_id LIMIT 1)`,
      `UPDATE cart_code SET status = 'held' WHERE (cart_id, code_id) = (SELECT cart_id, code_id FROM cart_code
       WHERE status = 'released' ORDER BY cart_id, code_id LIMIT 1)`,
    ],
    [oneOf('cart_code', "status = 'released'", 'cart_id = gen_random_uuid()')],
  ],
  code_within_user_limit: [[oneOf('code', 'max_uses_per_user = 1', 'max_uses_per_user = 0')]],
  user_within_ticket_limit: [[oneOf('ticket_type', 'max_per_user = 2', 'max_per_user = 1')]],
};

const RELEASED = '(SELECT id FROM block WHERE released_at IS NOT NULL AND section_id IS NULL LIMIT 1)';
const NESTED = 'parent_id IS NOT NULL AND released_at IS NULL';
const TAKING = "block_id IS NOT NULL AND seat_id IS NULL AND status = 'paid'";

/** Blocks, and prices that hold until a number is sold. */
export const BLOCK_BREACHES: Breaches = {
  allotment_not_exceeded: [
    [
      'ALTER TABLE block DROP CONSTRAINT block_within_quantity',
      `INSERT INTO block (company_id, event_id, kind, name, quantity, taken)
       SELECT company_id, id, 'allotment', 'Partner', 1, 2 FROM event LIMIT 1`,
    ],
  ],
  block_taken_matches_lines: [
    [oneOf('block', 'taken > 0 AND released_at IS NULL', 'taken = taken - 1, quantity = quantity - 1')],
    [oneOf('sale_detail', TAKING, 'block_id = 2000000000')],
    [oneOf('sale_detail', TAKING, 'block_id = NULL')],
    [
      oneOf(
        'sale_detail',
        "block_id IS NULL AND section_id IS NOT NULL AND seat_id IS NULL AND status = 'paid'",
        'block_id = (SELECT id FROM block WHERE section_id IS NOT NULL AND released_at IS NULL LIMIT 1)',
      ),
    ],
  ],
  seat_fits_its_block: [
    [oneOf('event_seat', "status = 'available'", "status = 'blocked', block_id = 2000000000")],
    [oneOf('event_seat', "status = 'available'", "status = 'blocked'")],
    [
      oneOf(
        'event_seat',
        "status = 'available'",
        'block_id = (SELECT block_id FROM event_seat WHERE block_id IS NOT NULL LIMIT 1)',
      ),
    ],
    [oneOf('event_seat', "status = 'sold'", `block_id = ${RELEASED}`)],
    [
      oneOf(
        'event_seat',
        "status = 'blocked'",
        'block_id = (SELECT id FROM block WHERE section_id IS NOT NULL AND released_at IS NULL LIMIT 1)',
      ),
    ],
  ],
  nested_block_has_its_parent: [
    [oneOf('block', NESTED, 'parent_id = 2000000000')],
    [oneOf('block', NESTED, 'parent_id = id')],
    [oneOf('block', NESTED, `parent_id = ${RELEASED}`)],
  ],
  price_phase_within_limit: [[oneOf('price_phase', 'until_sold > 1', 'until_sold = 1')]],
  phases_count_every_ticket: [
    [oneOf('sale_detail', "price_phase_id IS NOT NULL AND status = 'held'", 'price_phase_id = NULL')],
    [oneOf('sale_detail', "price_phase_id IS NOT NULL AND status = 'paid'", 'price_phase_id = NULL')],
  ],
};
