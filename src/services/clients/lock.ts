import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { AppError } from '../../errors.ts';

const LOCK = statement('company_lock', 'SELECT id FROM company WHERE id = $1 FOR UPDATE');

// The way in: an active client with `admin` whose requests reach an active interface.
const WAYS_IN = statement(
  'company_ways_in',
  `SELECT count(*)::int AS count FROM client c
   JOIN interface i ON i.company_id = c.company_id AND i.id = c.default_interface_id AND i.active
   WHERE c.company_id = $1 AND c.active AND c.scopes @> ARRAY['public', 'admin']`,
);

/**
 * Serializes changes of a company's clients and interfaces: what they must keep between them is a rule about all of them
 * together. Before any other lock.
 */
export async function lockAccess(tx: Tx, company_id: number): Promise<void> {
  await tx.query(LOCK, [company_id]);
}

/**
 * Refuses a change after which nobody could manage the company any more. Call it after the change.
 * @throws AppError conflict
 */
export async function assertNotLockedOut(tx: Tx, company_id: number): Promise<void> {
  const [ways] = await tx.query<{ count: number }>(WAYS_IN, [company_id]);
  if (!ways?.count)
    throw new AppError(
      'conflict',
      'It is the last active client with the scope admin: without it nobody could manage the company.',
    );
}
