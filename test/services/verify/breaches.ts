/**
 * Ways to break each check, one set of statements each; the last one must change a row. They are run on the eventful
 * world, inside a transaction that is undone, constraints and triggers included.
 */
export const BREACHES: Record<string, readonly (readonly string[])[]> = {
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
        ofLiveTicket(),
      ),
    ],
    [
      `INSERT INTO block (company_id, event_id, kind, name)
       SELECT company_id, event_id, 'kill', 'Camera' FROM event_seat LIMIT 1`,
      oneOf(
        'event_seat',
        "status = 'sold'",
        "status = 'blocked', cart_id = NULL, ticket_id = NULL, block_id = (SELECT min(id) FROM block)",
        ofLiveTicket(),
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
  blocked_seat_has_its_block: [
    [oneOf('event_seat', "status = 'available'", "status = 'blocked', block_id = 2000000000")],
    [oneOf('event_seat', "status = 'available'", "status = 'blocked'")],
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
  allotment_not_exceeded: [
    [
      `INSERT INTO block (company_id, event_id, kind, name, quantity, taken)
       SELECT company_id, id, 'allotment', 'Partner', 1, 2 FROM event LIMIT 1`,
    ],
  ],

  line_fits_its_cart: [
    [oneOf('sale_detail', `kind = 'product' AND status = 'released' AND ${unlimited()}`, "status = 'held'")],
    [oneOf('sale_detail', "status = 'released'", 'cart_id = gen_random_uuid()')],
  ],
  cart_totals_match_lines: [
    [oneOf('cart', "status = 'open'", 'tax = tax + 1')],
    [oneOf('cart', "status = 'paid'", 'line_count = line_count + 1')],
    [oneOf('cart', "status = 'refunded'", 'subtotal = subtotal + 1')],
  ],
  line_price_matches_its_trace: [
    [oneOf('sale_detail', "status = 'paid'", "price_trace = '[]'")],
    [oneOf('sale_detail', "status = 'paid' AND total > 0", 'base_price = 1, price_trace = price_trace - 0')],
    [
      oneOf(
        'sale_detail',
        'tax > 0',
        `price_trace = price_trace || '[{"rule": "tax", "name": "21 %", "amount": 0, "included": 1}]'`,
      ),
    ],
  ],
  sold_cart_is_paid_in_full: [
    [
      'ALTER TABLE ledger_entry DISABLE TRIGGER ALL',
      `UPDATE ledger_entry SET amount = amount - 1 WHERE payment_id = ${soldPayment('id')} AND kind = 'payment'`,
      `UPDATE cart SET paid = paid - 1 WHERE id = ${soldPayment('cart_id')}`,
      `UPDATE payment SET amount = amount - 1 WHERE id = ${soldPayment('id')}`,
    ],
  ],
  ended_cart_keeps_no_money: [
    [
      `INSERT INTO payment (company_id, id, cart_id, method, provider, amount, currency, status)
       SELECT company_id, '00000000-0000-7000-8000-000000000001', id, 'cash', 'cash', 5, currency, 'captured'
       FROM cart WHERE status = 'expired' ORDER BY id LIMIT 1`,
      `INSERT INTO ledger_entry (company_id, id, kind, cart_id, payment_id, interface_id, amount, currency)
       SELECT company_id, gen_random_uuid(), 'payment', cart_id, id, 1, amount, currency FROM payment
       WHERE id = '00000000-0000-7000-8000-000000000001'`,
      `UPDATE cart SET paid = paid + 5
       WHERE id = (SELECT cart_id FROM payment WHERE id = '00000000-0000-7000-8000-000000000001')`,
    ],
  ],
  waiting_cart_has_its_payment: [
    [
      `UPDATE job SET status = 'failed' WHERE id = (SELECT job_id FROM payment WHERE status = 'requires_action')`,
      "UPDATE payment SET status = 'failed' WHERE status = 'requires_action'",
    ],
  ],

  cart_balance_matches_payments: [
    [oneOf('cart', "status = 'open'", 'paid = paid + 1')],
    [
      'ALTER TABLE cart DROP CONSTRAINT cart_money',
      oneOf('cart', "status = 'partially_refunded'", 'refunded = refunded - 1'),
    ],
  ],
  payment_matches_its_refunds: [
    [
      `INSERT INTO refund (company_id, id, cart_id, payment_id, amount, currency, sale_detail_ids, status)
       SELECT company_id, '00000000-0000-7000-8000-000000000002', cart_id, id, 5, currency, '{}', 'succeeded'
       FROM payment WHERE status = 'captured' LIMIT 1`,
      `INSERT INTO ledger_entry (company_id, id, kind, cart_id, payment_id, refund_id, interface_id, amount, currency)
       SELECT company_id, gen_random_uuid(), 'refund', cart_id, payment_id, id, 1, -amount, currency FROM refund
       WHERE id = '00000000-0000-7000-8000-000000000002'`,
    ],
  ],
  payment_status_matches_its_amounts: [
    [oneOf('payment', "status = 'captured' AND amount > 0", "status = 'partially_refunded'")],
    [oneOf('payment', "status = 'refunded'", "status = 'captured'")],
  ],
  one_currency_a_cart: [
    [oneOf('refund', 'true', "currency = 'USD'")],
    [oneOf('payment', "status = 'captured'", "currency = 'USD'")],
  ],
  ledger_tells_every_payment: [
    withoutTriggers("DELETE FROM ledger_entry WHERE kind = 'payment'"),
    withoutTriggers(oneOf('ledger_entry', "kind = 'payment'", 'amount = amount + 1')),
    [
      `INSERT INTO ledger_entry (company_id, id, kind, cart_id, payment_id, interface_id, amount, currency)
       SELECT company_id, gen_random_uuid(), 'payment', cart_id, id, 1, amount, currency FROM payment
       WHERE status = 'pending'`,
    ],
  ],
  ledger_tells_every_refund: [
    withoutTriggers("DELETE FROM ledger_entry WHERE kind = 'refund'"),
    withoutTriggers(oneOf('ledger_entry', "kind = 'refund'", 'amount = -amount - 1')),
  ],
  ledger_tells_every_sale: [
    withoutTriggers("DELETE FROM ledger_entry WHERE kind = 'sale'"),
    withoutTriggers("DELETE FROM ledger_entry WHERE kind = 'reversal'"),
    withoutTriggers(oneOf('ledger_entry', "kind = 'sale'", 'amount = amount + 1')),
    withoutTriggers(oneOf('ledger_entry', "kind = 'sale'", 'quantity = quantity + 1')),
    withoutTriggers(oneOf('ledger_entry', "kind = 'reversal' AND quantity <> 0", 'tax = tax + 1')),
  ],
  ledger_names_the_right_cart: [
    withoutTriggers(oneOf('ledger_entry', "kind = 'sale'", 'cart_id = gen_random_uuid()')),
    withoutTriggers(oneOf('ledger_entry', "kind = 'refund'", 'cart_id = gen_random_uuid()')),
  ],

  paid_line_has_one_ticket: [
    [
      "DELETE FROM ticket WHERE status = 'valid' AND seat_id IS NULL AND entries = 0 AND validated_at IS NULL",
    ],
    [oneOf('ticket', "status = 'valid' AND seat_id IS NULL", "status = 'void'")],
  ],
  live_ticket_is_paid_for: [
    [
      `INSERT INTO ticket (company_id, id, event_id, ticket_type_id, cart_id, sale_detail_id, interface_id, section_id)
       SELECT l.company_id, gen_random_uuid(), l.event_id, l.ticket_type_id, l.cart_id, l.id, c.interface_id, l.section_id
       FROM sale_detail l JOIN cart c ON c.id = l.cart_id
       WHERE l.status = 'held' AND l.kind = 'ticket' AND l.seat_id IS NULL LIMIT 1`,
    ],
    [
      `INSERT INTO ticket (company_id, id, event_id, interface_id)
       SELECT company_id, gen_random_uuid(), event_id, interface_id FROM ticket LIMIT 1`,
    ],
  ],
  ticket_agrees_with_its_line: [
    [oneOf('ticket', "status = 'valid'", 'interface_id = interface_id + 1')],
    [oneOf('ticket', "status = 'valid' AND seat_id IS NULL", 'section_id = section_id + 1')],
  ],
  entries_match_scans: [
    [
      `INSERT INTO validation (company_id, id, event_id, ticket_id, result, net, scanned_at, client_id, interface_id)
       SELECT company_id, gen_random_uuid(), event_id, id, 'accepted', 1, now(), 'web', interface_id
       FROM ticket WHERE status = 'used' LIMIT 1`,
    ],
    [oneOf('ticket', "status = 'used'", 'inside = inside + 1')],
    [oneOf('validation', "result = 'accepted' AND undone_at IS NULL", 'undone_at = now()')],
  ],
  used_ticket_has_its_entries: [
    [oneOf('ticket', "status = 'valid'", "status = 'used'")],
    [oneOf('ticket', "status = 'used'", "status = 'valid'")],
  ],

  payment_job_ends_with_its_payment: [
    [oneOf('job', "kind = 'payment' AND finished_at IS NOT NULL", "status = 'running'")],
    [oneOf('job', "kind = 'payment' AND finished_at IS NULL", "status = 'succeeded'")],
  ],
  idempotency_key_is_answered: [
    [
      `INSERT INTO idempotency_key (company_id, client_id, key, fingerprint, created_at)
       SELECT id, 'web', 'lost', '', now() - interval '16 minutes' FROM company LIMIT 1`,
    ],
  ],
};

/** Changes one row of a table. */
function oneOf(table: string, where: string, set: string, more = 'true'): string {
  return `UPDATE ${table} SET ${set} WHERE ctid = (SELECT ctid FROM ${table} WHERE ${where} AND ${more} LIMIT 1)`;
}

function withoutTriggers(sql: string): readonly string[] {
  return ['ALTER TABLE ledger_entry DISABLE TRIGGER ALL', sql];
}

/** The seat of a ticket that lives: not one whose place was kept. */
function ofLiveTicket(): string {
  return "ticket_id IN (SELECT id FROM ticket WHERE status = 'valid')";
}

/** The only payment of a paid cart of which nothing was given back. */
function soldPayment(column: 'id' | 'cart_id'): string {
  return `(SELECT min(p.${column}::text)::uuid FROM (SELECT cart_id, min(id::text)::uuid AS id FROM payment
    WHERE status = 'captured' GROUP BY cart_id HAVING count(*) = 1) AS p
    JOIN cart c ON c.id = p.cart_id AND c.status = 'paid' AND c.total > 0)`;
}

function unlimited(): string {
  return '(SELECT capacity FROM product p WHERE p.id = sale_detail.product_id) IS NULL';
}
