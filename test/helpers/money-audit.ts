import { verifyDatabase } from '../../src/services/verify/run.ts';
import type { System } from '../../src/system.ts';

// Each query gives the rows that break a rule; all of them together say that money, tickets and books agree.
const PER_CART = `
  SELECT c.*,
    (SELECT coalesce(sum(p.amount), 0) FROM payment p WHERE p.company_id = c.company_id AND p.cart_id = c.id
       AND p.status IN ('captured', 'partially_refunded', 'refunded')) AS captured,
    (SELECT coalesce(sum(r.amount), 0) FROM refund r WHERE r.company_id = c.company_id AND r.cart_id = c.id) AS returned,
    (SELECT coalesce(sum(e.amount), 0) FROM ledger_entry e WHERE e.company_id = c.company_id AND e.cart_id = c.id
       AND e.kind IN ('payment', 'refund')) AS money_booked,
    (SELECT coalesce(sum(e.amount), 0) FROM ledger_entry e WHERE e.company_id = c.company_id AND e.cart_id = c.id
       AND e.kind IN ('sale', 'reversal')) AS sales_booked,
    c.status IN ('paid', 'partially_refunded', 'refunded') AS settled
  FROM cart c`;

const RULES = {
  'what is kept of a settled cart is its total less what was refunded': `
    SELECT * FROM (${PER_CART}) c
    WHERE c.settled AND (c.captured - c.returned <> c.total - c.refunded OR c.paid <> c.total)`,
  'what is kept of an unsettled cart is what it says was paid, and nothing once it has ended': `
    SELECT * FROM (${PER_CART}) c WHERE NOT c.settled
      AND (c.captured - c.returned <> c.paid OR c.status IN ('expired', 'cancelled') AND c.paid <> 0)`,
  'the books say the same': `
    SELECT * FROM (${PER_CART}) c WHERE c.money_booked <> c.captured - c.returned
      OR c.sales_booked <> CASE WHEN c.settled THEN c.total - c.refunded ELSE 0 END`,
  'the books of a refunded line end at nothing': `
    SELECT e.sale_detail_id FROM ledger_entry e JOIN sale_detail l ON l.id = e.sale_detail_id
    WHERE l.status = 'refunded' GROUP BY e.sale_detail_id
    HAVING sum(e.amount) <> 0 OR sum(e.fee) <> 0 OR sum(e.tax) <> 0 OR sum(e.discount) <> 0 OR sum(e.quantity) <> 0`,
  'a settled cart has no held line, an unsettled one no paid line': `
    SELECT c.id, c.status, l.status AS line FROM cart c JOIN sale_detail l ON l.cart_id = c.id
    WHERE CASE WHEN c.status IN ('paid', 'partially_refunded', 'refunded') THEN l.status = 'held'
          ELSE l.status IN ('paid', 'refunded') END`,
  'a refunded cart has no paid line': `
    SELECT c.id FROM cart c JOIN sale_detail l ON l.cart_id = c.id WHERE c.status = 'refunded' AND l.status = 'paid'`,
  'what was refunded of a cart was refunded of its lines': `
    SELECT c.id, c.refunded, sum(l.refunded) FROM cart c JOIN sale_detail l ON l.cart_id = c.id
    GROUP BY c.id, c.refunded HAVING c.refunded <> sum(l.refunded)`,
  'a paid ticket line has one ticket': `
    SELECT l.id, count(t.id) FROM sale_detail l LEFT JOIN ticket t ON t.sale_detail_id = l.id AND t.status <> 'transferred'
    WHERE l.kind = 'ticket' AND l.status = 'paid' GROUP BY l.id HAVING count(t.id) <> 1`,
  'a live ticket hangs on a paid line': `
    SELECT t.id, l.status FROM ticket t JOIN sale_detail l ON l.id = t.sale_detail_id
    WHERE t.status IN ('valid', 'used') AND l.status <> 'paid'`,
  'a sold seat belongs to the ticket of a line that was paid': `
    SELECT s.* FROM event_seat s LEFT JOIN ticket t ON t.id = s.ticket_id
    LEFT JOIN sale_detail l ON l.id = t.sale_detail_id
    WHERE s.status = 'sold' AND (l.seat_id IS DISTINCT FROM s.seat_id OR NOT (l.status = 'paid' OR l.stock_kept))`,
  'the seat of a paid line is sold': `
    SELECT l.id, l.seat_id FROM sale_detail l JOIN event_seat s ON s.event_id = l.event_id AND s.seat_id = l.seat_id
    WHERE l.status = 'paid' AND (s.status, s.cart_id) IS DISTINCT FROM ('sold', l.cart_id)`,
  'a payment says what was refunded of it': `
    SELECT p.id, p.status, p.amount, p.refunded, sum(r.amount) AS rows FROM payment p LEFT JOIN refund r ON r.payment_id = p.id
    GROUP BY p.company_id, p.id HAVING p.refunded <> coalesce(sum(r.amount), 0)
      OR (p.status = 'refunded') <> (p.amount > 0 AND p.refunded = p.amount)
      OR (p.status = 'partially_refunded') <> (p.refunded > 0 AND p.refunded < p.amount)`,
  'a cart waits for one payment, and no other payment is waited for': `
    SELECT c.id, count(p.id) FROM cart c
    LEFT JOIN payment p ON p.cart_id = c.id AND p.status IN ('pending', 'requires_action')
    WHERE c.status IN ('pending_payment', 'open', 'paid') GROUP BY c.company_id, c.id
    HAVING count(p.id) <> CASE WHEN c.status = 'pending_payment' THEN 1 ELSE 0 END`,
  'the job of a payment ends with it': `
    SELECT p.id, p.status, j.status AS job FROM payment p JOIN job j ON j.id = p.job_id
    WHERE (p.status IN ('pending', 'requires_action')) <> (j.finished_at IS NULL)`,
} as const;

/** What of money, tickets and books does not add up, by rule, `npm run verify` included; empty when all is well. */
export async function moneyFaults({ db }: System): Promise<Record<string, unknown[]>> {
  const faults: Record<string, unknown[]> = {};
  const client = await db.pool.connect();
  const { findings } = await verifyDatabase(client).finally(() => client.release());
  for (const { name, rows } of findings) if (rows.length) faults[name] = rows;
  for (const [rule, text] of Object.entries(RULES)) {
    const { rows } = await db.pool.query(text);
    if (rows.length) faults[rule] = rows;
  }
  return faults;
}

// Of a database in which nobody but the sandbox takes cards, and whose tasks have all been worked off.
const SANDBOX = `
  SELECT s.id, s.status AS charge, p.status AS payment, p.refunded, s.given_back FROM (
    SELECT c.id, CASE WHEN c.settles_at <= now() THEN 'captured' ELSE c.status END AS status,
      (SELECT coalesce(sum(amount), 0) FROM sandbox_refund r WHERE r.charge_id = c.id) AS given_back
    FROM sandbox_charge c) s
  LEFT JOIN payment p ON p.id = s.id
  WHERE (s.status = 'captured') <> coalesce(p.status IN ('captured', 'partially_refunded', 'refunded'), false)
    OR s.given_back IS DISTINCT FROM p.refunded - (SELECT coalesce(sum(r.amount), 0) FROM refund r
      WHERE r.payment_id = p.id AND r.paid_by IS NOT NULL)`;

/** Where the sandbox's books and ours differ. */
export const sandboxFaults = async ({ db }: System): Promise<unknown[]> =>
  (await db.pool.query(SANDBOX)).rows;
