import { statement } from '../db/client.ts';
import type { Tx } from '../db/transaction.ts';
import type { ChangeType } from '../schemas/changes.ts';
import { uuidv7 } from '../uuid.ts';

/** A domain event: what the change feed and the webhooks tell. `cart.paid`, `ticket.issued`, … */
export interface Change {
  company_id: number;
  type: ChangeType;
  interface_id: number | null;
  event_id: number | null;
  subject_id: string;
  data: Record<string, unknown>;
}

const INSERT = statement(
  'change_insert',
  `INSERT INTO change (company_id, id, xid, type, interface_id, event_id, subject_id, data)
   SELECT r.company_id, r.id, pg_current_xact_id()::text::bigint, r.type, r.interface_id, r.event_id, r.subject_id, r.data
   FROM unnest($1::int[], $2::uuid[], $3::text[], $4::int[], $5::int[], $6::text[], $7::jsonb[])
     AS r (company_id, id, type, interface_id, event_id, subject_id, data)`,
);

/** Writes domain events in the transaction of the change itself (outbox): told if and only if it happened. */
export async function recordChanges(tx: Tx, changes: readonly Change[]): Promise<void> {
  if (!changes.length) return;
  await tx.execute(INSERT, [
    changes.map((c) => c.company_id),
    changes.map(() => uuidv7()),
    changes.map((c) => c.type),
    changes.map((c) => c.interface_id),
    changes.map((c) => c.event_id),
    changes.map((c) => c.subject_id),
    changes.map((c) => JSON.stringify(c.data)),
  ]);
}
