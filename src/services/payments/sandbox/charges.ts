import { type Database, statement } from '../../../db/client.ts';

// The books of a company elsewhere: nothing in them may ever be joined with ours.

export type ChargeStatus = 'requires_action' | 'pending' | 'captured' | 'declined';

export interface ChargeRow {
  id: string;
  company_id: number;
  amount: number;
  currency: string;
  status: ChargeStatus;
  reason: string | null;
  return_url: string | null;
}

export type NewCharge = ChargeRow & { settles_in: number | null; method_id: string | null };

export interface MethodRow {
  token: string;
  /** Charges of it so far. */
  charges: number;
}

const AS_IT_STANDS = `id, company_id, amount, currency, reason, return_url,
  CASE WHEN status = 'pending' AND settles_at <= now() THEN 'captured' ELSE status END AS status`;

// The update changes nothing: it makes the charge that is there come back.
const MAKE = statement(
  'sandbox_charge_make',
  `INSERT INTO sandbox_charge (id, company_id, amount, currency, status, reason, return_url, settles_at,
     method_id)
   VALUES ($1, $2, $3, $4, $5, $6, $7, now() + make_interval(secs => $8::int), $9)
   ON CONFLICT (id) DO UPDATE SET id = excluded.id RETURNING ${AS_IT_STANDS}`,
);
const FIND = statement('sandbox_charge_find', `SELECT ${AS_IT_STANDS} FROM sandbox_charge WHERE id = $1`);
const DECIDE = statement(
  'sandbox_charge_decide',
  `UPDATE sandbox_charge SET status = $2, reason = $3 WHERE id = $1 AND status = 'requires_action'`,
);
const REFUND = statement(
  'sandbox_refund_make',
  `INSERT INTO sandbox_refund (id, charge_id, amount)
   SELECT $1, c.id, $3::int FROM sandbox_charge c WHERE c.id = $2
     AND (c.status = 'captured' OR (c.status = 'pending' AND c.settles_at <= now()))
     AND c.amount >= $3::int + (SELECT coalesce(sum(r.amount), 0) FROM sandbox_refund r WHERE r.charge_id = c.id)
   ON CONFLICT DO NOTHING`,
);
const FIND_REFUND = statement('sandbox_refund_find', 'SELECT id FROM sandbox_refund WHERE id = $1');

/** Makes a charge, once: asked again under the same id it gives the one that there is. */
export async function makeCharge(db: Database, charge: NewCharge): Promise<ChargeRow> {
  const { id, company_id, amount, currency, status, reason, return_url, settles_in, method_id } = charge;
  const values = [id, company_id, amount, currency, status, reason, return_url, settles_in, method_id];
  return (await db.query<ChargeRow>(MAKE, values))[0] as ChargeRow;
}

const KEEP = statement(
  'sandbox_method_keep',
  'INSERT INTO sandbox_method (id, company_id, token) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING',
);
const FIND_METHOD = statement(
  'sandbox_method_find',
  `SELECT m.token, (SELECT count(*)::int FROM sandbox_charge c WHERE c.method_id = m.id) AS charges
   FROM sandbox_method m WHERE m.id = $1`,
);

/** Keeps a card, once. */
export async function keepMethod(db: Database, id: string, company_id: number, token: string): Promise<void> {
  await db.query(KEEP, [id, company_id, token]);
}

/** A card that was kept. */
export async function findMethod(db: Database, id: string): Promise<MethodRow | undefined> {
  return (await db.query<MethodRow>(FIND_METHOD, [id]))[0];
}

/** A charge as it stands now: a pending one is captured when its time has come. */
export async function findCharge(db: Database, id: string): Promise<ChargeRow | undefined> {
  return (await db.query<ChargeRow>(FIND, [id]))[0];
}

/** Writes down what the buyer decided; a charge decided before stays as it is. */
export async function decideCharge(db: Database, id: string, status: ChargeStatus): Promise<void> {
  await db.query(DECIDE, [id, status, status === 'declined' ? 'declined_by_buyer' : null]);
}

/** Gives money back, once for each id and never more than was captured; false when that cannot be. */
export async function makeRefund(
  db: Database,
  id: string,
  charge_id: string,
  amount: number,
): Promise<boolean> {
  await db.query(REFUND, [id, charge_id, amount]);
  return (await db.query(FIND_REFUND, [id])).length === 1;
}
