/** One invariant of the database, and the statement that finds what breaks it. */
export interface Check {
  /** Stable: scripts and people refer to it. */
  name: string;
  /** What holds when it finds nothing. */
  proves: string;
  /**
   * Gives the rows that break it, with the ids that find them; set-based, over all companies. `clock.at` is the moment
   * of the snapshot that it runs on.
   */
  sql: string;
}

/** SQL: the statuses of carts whose lines are sales. */
export const SOLD_CARTS = `('paid', 'partially_refunded', 'refunded')`;
/** SQL: the statuses of carts that may still hold something. */
export const UNSOLD_CARTS = `('open', 'pending_payment')`;
/** SQL: the statuses of tickets that let somebody in, or did. */
export const LIVE_TICKETS = `('valid', 'used')`;
/** SQL: whether staff made ticket `t` void though it stays paid for; the audit log says who. */
export const VOIDED_BY_STAFF = `(t.status = 'void' AND EXISTS (SELECT FROM audit_log a
  WHERE a.company_id = t.company_id AND a.subject_type = 'ticket' AND a.subject_id = t.id::text
    AND a.action = 'ticket.void'))`;
/** SQL: the statuses of payments whose money came, whether or not it was given back. */
export const TAKEN_PAYMENTS = `('captured', 'partially_refunded', 'refunded')`;
/** SQL: the statuses of payments whose outcome is open. */
export const PAYMENTS_UNDER_WAY = `('requires_action', 'pending')`;
