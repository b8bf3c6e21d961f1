import type { Check } from './check.ts';

/** What is offered to a party is there, and nobody is offered anything twice. */
export const waitlistChecks: readonly Check[] = [
  {
    name: 'offer_has_its_cart',
    proves: 'What is on offer to a party is a cart of its person and channel, made with places of its event.',
    sql: `
      SELECT w.company_id, w.id AS waitlist_entry_id, w.event_id, w.cart_id, c.status AS cart_status
      FROM waitlist_entry w LEFT JOIN cart c ON c.company_id = w.company_id AND c.id = w.cart_id
      WHERE w.status = 'offered' AND (c.id IS NULL OR c.interface_id <> w.interface_id
        OR (w.user_id IS NOT NULL AND c.user_id IS DISTINCT FROM w.user_id)
        OR NOT EXISTS (SELECT FROM sale_detail l WHERE l.company_id = c.company_id AND l.cart_id = c.id
          AND l.event_id = w.event_id AND l.kind = 'ticket'))`,
  },
  {
    name: 'fulfilled_entry_was_paid',
    proves: 'Who is said to have got tickets from the waiting list has paid for them.',
    sql: `
      SELECT w.company_id, w.id AS waitlist_entry_id, w.cart_id, c.status AS cart_status
      FROM waitlist_entry w LEFT JOIN cart c ON c.company_id = w.company_id AND c.id = w.cart_id
      WHERE w.status = 'fulfilled'
        AND coalesce(c.status NOT IN ('paid', 'partially_refunded', 'refunded'), true)`,
  },
  {
    name: 'waitlist_entry_is_explained',
    proves: 'The log of every entry begins with its joining and has the end that it came to.',
    sql: `
      SELECT w.company_id, w.id AS waitlist_entry_id, w.status FROM waitlist_entry w
      WHERE NOT EXISTS (SELECT FROM waitlist_log l WHERE l.company_id = w.company_id AND l.entry_id = w.id
          AND l.what = 'joined')
        OR (w.person <> 'erased ' || w.id AND w.status <> 'waiting'
          AND NOT EXISTS (SELECT FROM waitlist_log l WHERE l.company_id = w.company_id AND l.entry_id = w.id
            AND l.what = w.status))`,
  },
];
