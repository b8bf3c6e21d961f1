import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';

/** A webhook as it is kept: once a provider and id. */
export interface KnownEvent {
  provider: string;
  id: string;
  type: string;
  payment_id: string | null;
  /** JSON, as it was signed. */
  payload: string;
}

const RECORD = statement(
  'provider_event_record',
  `INSERT INTO provider_event (provider, id, type, payment_id, payload)
   SELECT r.provider, r.id, r.type, r.payment_id, r.payload
   FROM unnest($1::text[], $2::text[], $3::text[], $4::uuid[], $5::jsonb[]) AS r (provider, id, type, payment_id, payload)
   ORDER BY r.provider, r.id
   ON CONFLICT DO NOTHING RETURNING provider, id`,
);

/**
 * Keeps webhooks in the transaction of what they cause, so that one counts exactly once however often it is delivered.
 * @returns those that had not come before, and whatever is no webhook
 */
export async function recordEvents<C extends { event?: KnownEvent }>(
  tx: Tx,
  carriers: readonly C[],
): Promise<Set<C>> {
  const events = carriers.flatMap(({ event }) => event ?? []);
  if (!events.length) return new Set(carriers);
  const rows = await tx.query<{ provider: string; id: string }>(RECORD, [
    events.map((e) => e.provider),
    events.map((e) => e.id),
    events.map((e) => e.type),
    events.map((e) => e.payment_id),
    events.map((e) => e.payload),
  ]);
  const fresh = new Set(rows.map((row) => `${row.provider} ${row.id}`));
  // delete: of two deliveries in one batch the first counts
  return new Set(carriers.filter(({ event }) => !event || fresh.delete(`${event.provider} ${event.id}`)));
}
