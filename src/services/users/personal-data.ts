/** Rows of one table that are about a person. */
export interface PersonalTable {
  table: string;
  /** Which rows, as SQL: $1 is the company, $2 the user, $3 their address in lower case if it is proved, else null. */
  of: string;
  /** Columns that are nobody's to see, not even the person's. */
  secret?: readonly string[];
  /** What erasing makes of columns, as SQL; or of whole rows. */
  erase: Readonly<Record<string, string>> | 'delete' | 'keep';
}

// Their own purchases, and those without an account under an address that they have proved.
const CARTS = `user_id = $2 OR (user_id IS NULL AND email IS NOT NULL AND lower(email) = $3)`;
const THEIR_CARTS = `SELECT id FROM cart WHERE company_id = $1 AND (${CARTS})`;
const NAMELESS = { first_name: 'NULL', last_name: 'NULL', email: 'NULL', document_number: 'NULL' };
const TOUCHED = { updated_at: "greatest(now(), updated_at + interval '1 millisecond')" };
const TICKETS = `user_id = $2 OR (user_id IS NULL AND cart_id IN (${THEIR_CARTS}))`;

/**
 * Every table that knows something of persons, in the order of erasing: what is found through a cart comes before the
 * carts. A test compares this list with the columns of the database; an export tells all of it.
 */
export const PERSONAL_TABLES: readonly PersonalTable[] = [
  {
    table: 'sale_detail',
    of: `cart_id IN (${THEIR_CARTS})`,
    secret: ['terms'],
    erase: { ...NAMELESS, guest_id: 'NULL', ...TOUCHED },
  },
  { table: 'ticket', of: TICKETS, erase: { ...NAMELESS, ...TOUCHED } },
  {
    table: 'validation',
    of: `ticket_id IN (SELECT id FROM ticket WHERE company_id = $1 AND (${TICKETS}))`,
    erase: 'keep',
  },
  { table: 'payment', of: `cart_id IN (${THEIR_CARTS})`, secret: ['action_url'], erase: 'keep' },
  { table: 'refund', of: `cart_id IN (${THEIR_CARTS})`, erase: 'keep' },
  { table: 'cart_code', of: `cart_id IN (${THEIR_CARTS})`, erase: 'keep' },
  {
    table: 'cart',
    of: CARTS,
    erase: {
      ...NAMELESS,
      ...{ phone: 'NULL', document_type: 'NULL', notes: 'NULL', ...TOUCHED },
    },
  },
  {
    table: 'courtesy',
    of: CARTS,
    erase: { ...NAMELESS, ...TOUCHED },
  },
  {
    table: 'waitlist_log',
    of: `entry_id IN (SELECT id FROM waitlist_entry WHERE company_id = $1 AND (${CARTS}))`,
    erase: 'keep',
  },
  {
    table: 'waitlist_entry',
    of: CARTS,
    erase: {
      ...{ email: 'NULL', person: "'erased ' || id", closed_at: 'coalesce(closed_at, now())', ...TOUCHED },
      status: "CASE WHEN status IN ('waiting', 'offered') THEN 'left' ELSE status END",
    },
  },
  {
    table: 'queue_place',
    of: 'user_id = $2',
    secret: ['draw'],
    erase: {
      ...{ visitor: 'NULL', caller: 'NULL', ended_at: 'coalesce(ended_at, now())' },
      status: "CASE WHEN status IN ('waiting', 'admitted') THEN 'left' ELSE status END::queue_place_status",
    },
  },
  {
    table: 'transfer',
    of: 'from_user_id = $2 OR to_user_id = $2 OR lower(to_email) = $3',
    secret: ['code_hash'],
    erase: { to_email: "''" },
  },
  {
    table: 'subscription',
    of: 'user_id = $2',
    erase: { holders: "'[]'", saved_method_id: 'NULL', auto_renew: 'false', ...TOUCHED },
  },
  { table: 'give_back', of: 'user_id = $2', erase: 'keep' },
  { table: 'credit_balance', of: 'user_id = $2', erase: 'keep' },
  { table: 'credit_entry', of: 'user_id = $2', erase: 'keep' },
  { table: 'saved_method', of: 'user_id = $2', secret: ['reference'], erase: 'delete' },
  { table: 'address', of: 'user_id = $2', erase: 'delete' },
  { table: 'guest', of: 'user_id = $2', erase: 'delete' },
  { table: 'consent', of: 'user_id = $2', erase: 'keep' },
  {
    table: 'mail',
    of: 'user_id = $2 OR lower(to_email) = $3',
    secret: ['data'],
    erase: {
      ...{ to_email: 'NULL', data: "'{}'" },
      status: "CASE WHEN status IN ('pending', 'left') THEN 'expired' ELSE status END",
      finished_at: 'coalesce(finished_at, now())',
    },
  },
  {
    table: 'job',
    of: 'user_id = $2',
    secret: ['caller', 'cursor', 'input'],
    erase: {
      input: 'CASE WHEN finished_at IS NULL THEN input END',
      result: "CASE WHEN result IS NOT NULL THEN '{}'::jsonb END",
    },
  },
  { table: 'session', of: 'user_id = $2', erase: 'keep' },
  { table: 'login_origin', of: 'user_id = $2', secret: ['hash'], erase: 'delete' },
  { table: 'email_verification', of: 'user_id = $2', secret: ['hash', 'email_key'], erase: 'delete' },
  { table: 'password_reset', of: 'user_id = $2', secret: ['hash'], erase: 'delete' },
  { table: 'user_export', of: 'user_id = $2', secret: ['content'], erase: 'delete' },
  { table: 'audit_log', of: 'user_id = $2', erase: 'keep' },
  {
    table: 'user_account',
    of: 'id = $2',
    secret: ['password_hash', 'email_key', 'failed_logins', 'locked_until'],
    erase: {
      ...{ email: "'erased-' || id || '@invalid'", email_key: "'erased-' || id || '@invalid'" },
      ...{ email_verified_at: 'NULL', password_hash: "''", first_name: "''", last_name: "''", phone: 'NULL' },
      ...{ document_type: 'NULL', document_number: 'NULL', birth_date: 'NULL', preferences: "'{}'" },
      ...{ active: 'false', erased_at: 'now()', ...TOUCHED },
    },
  },
];

/** Picks a person's rows. PostgreSQL wants to know the type of parameters even where a statement does not use them. */
export const whereTheirs = (of: string): string =>
  `WHERE company_id = $1 AND (${of}) AND ($2::int IS NULL OR true) AND ($3::text IS NULL OR true)`;
