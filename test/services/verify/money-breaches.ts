import { type Breaches, inTheLedger, oneOf, soldPayment, UNCOUNTED } from './sql.ts';

/** Carts, money, tickets and what is left lying. */
/** A ticket that somebody came in on. */
const FIRST_USED = "(SELECT id FROM ticket WHERE status = 'used' ORDER BY id LIMIT 1)";

export const MONEY_BREACHES: Breaches = {
  line_fits_its_cart: [
    [oneOf('sale_detail', `kind = 'product' AND status = 'released' AND ${UNCOUNTED}`, "status = 'held'")],
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
      `INSERT INTO refund (company_id, id, step_id, cart_id, payment_id, amount, currency, sale_detail_ids, status)
       SELECT company_id, i.id, i.id, cart_id, payment.id, 5, currency, '{}', 'succeeded'
       FROM payment, (SELECT '00000000-0000-7000-8000-000000000002'::uuid AS id) AS i WHERE status = 'captured' LIMIT 1`,
      `INSERT INTO ledger_entry (company_id, id, kind, cart_id, payment_id, refund_id, interface_id, amount, currency)
       SELECT company_id, gen_random_uuid(), 'refund', cart_id, payment_id, id, 1, -amount, currency FROM refund
       WHERE id = '00000000-0000-7000-8000-000000000002'`,
    ],
  ],
  payment_status_matches_its_amounts: [
    [oneOf('payment', "status = 'captured' AND amount > 0", "status = 'partially_refunded'")],
    [oneOf('payment', "status = 'refunded'", "status = 'captured'")],
  ],
  money_is_in_one_currency: [
    [oneOf('refund', 'true', "currency = 'USD'")],
    [oneOf('payment', "status = 'captured' AND amount > 0", "currency = 'USD'")],
    inTheLedger(oneOf('ledger_entry', "kind = 'sale'", "currency = 'USD'")),
  ],
  ledger_tells_every_payment: [
    inTheLedger("DELETE FROM ledger_entry WHERE kind = 'payment'"),
    inTheLedger(oneOf('ledger_entry', "kind = 'payment'", 'amount = amount + 1')),
    [
      `INSERT INTO ledger_entry (company_id, id, kind, cart_id, payment_id, interface_id, amount, currency)
       SELECT company_id, gen_random_uuid(), 'payment', cart_id, id, 1, amount, currency FROM payment
       WHERE status = 'pending'`,
    ],
  ],
  ledger_tells_every_refund: [
    inTheLedger("DELETE FROM ledger_entry WHERE kind = 'refund'"),
    inTheLedger(oneOf('ledger_entry', "kind = 'refund'", 'amount = -amount - 1')),
  ],
  ledger_tells_every_sale: [
    inTheLedger("DELETE FROM ledger_entry WHERE kind = 'sale' AND exchange_id IS NULL"),
    inTheLedger("DELETE FROM ledger_entry WHERE kind = 'reversal' AND exchange_id IS NULL"),
    inTheLedger(oneOf('ledger_entry', "kind = 'sale' AND exchange_id IS NULL", 'amount = amount + 1')),
    inTheLedger(oneOf('ledger_entry', "kind = 'sale'", 'quantity = quantity + 1')),
    inTheLedger(oneOf('ledger_entry', "kind = 'reversal' AND quantity <> 0", 'tax = tax + 1')),
  ],
  exchange_is_whole: [
    [oneOf('exchange', "status = 'completed'", 'price = price + 1')],
    inTheLedger(oneOf('ledger_entry', "exchange_id IS NOT NULL AND kind = 'sale'", 'exchange_id = NULL')),
  ],
  exchanged_worth_matches_exchanges: [[oneOf('cart', 'exchanged > 0', 'exchanged = exchanged - 1')]],
  ledger_names_the_right_cart: [
    inTheLedger(oneOf('ledger_entry', "kind = 'sale'", 'cart_id = gen_random_uuid()')),
    inTheLedger(oneOf('ledger_entry', "kind = 'refund'", 'cart_id = gen_random_uuid()')),
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
  zones_match_scans: [
    [oneOf('ticket', "status = 'valid'", `zones = '{"Lounge": 1}'`)],
    [
      // One person is inside on it, and was last scanned into a zone.
      `UPDATE validation SET undone_at = now() WHERE ticket_id = ${FIRST_USED} AND net = 0`,
      `UPDATE ticket SET inside = 1 WHERE id = ${FIRST_USED}`,
      `INSERT INTO validation (company_id, id, event_id, ticket_id, result, net, "inner", zone, scanned_at, client_id, interface_id)
       SELECT company_id, uuidv7(), event_id, id, 'accepted', 0, true, 'Lounge', now(), 'web', interface_id
       FROM ticket WHERE id = ${FIRST_USED}`,
    ],
    ["INSERT INTO zone_count SELECT company_id, id, 'Lounge', 1 FROM event LIMIT 1"],
  ],
  used_ticket_has_its_entries: [
    [oneOf('ticket', "status = 'valid'", "status = 'used'")],
    [oneOf('ticket', "status = 'used'", "status = 'valid'")],
  ],

  payment_job_ends_with_its_payment: [
    [oneOf('job', "kind = 'payment' AND finished_at IS NOT NULL", "status = 'running'")],
    [oneOf('job', "kind = 'payment' AND finished_at IS NULL", "status = 'succeeded'")],
  ],
  cash_drawer_adds_up: [
    [oneOf('cash_session', 'closed_at IS NOT NULL', 'expected = expected + 1')],
    [
      'ALTER TABLE cash_movement DISABLE TRIGGER ALL',
      oneOf('cash_movement', "kind = 'pay_in'", 'amount = amount + 1'),
    ],
  ],
  cash_movement_matches_its_payment: [
    [
      'ALTER TABLE cash_movement DISABLE TRIGGER ALL',
      `UPDATE cash_session SET expected = expected + 1 WHERE id IN (SELECT cash_session_id FROM cash_movement WHERE kind = 'payment')`,
      oneOf('cash_movement', "kind = 'payment'", 'amount = amount + 1'),
    ],
  ],
  idempotency_key_is_answered: [
    [
      `INSERT INTO idempotency_key (company_id, client_id, key, fingerprint, created_at)
       SELECT id, 'web', 'lost', '', now() - interval '16 minutes' FROM company LIMIT 1`,
    ],
  ],
};
