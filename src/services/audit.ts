import type { Context } from '../context.ts';
import { statement } from '../db/client.ts';
import type { Tx } from '../db/transaction.ts';
import { uuidv7 } from '../uuid.ts';

/** What was done to what; the rest of the entry is the caller's context. */
export interface AuditEntry {
  /** `ticket.void`: what is acted on, and the act. */
  action: string;
  subject_type: string;
  subject_id: string;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
}

const INSERT = statement(
  'audit_insert',
  `INSERT INTO audit_log (company_id, id, client_id, user_id, interface_id, request_id, action, subject_type, subject_id,
     before, after)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
);

/** Who acted: the context of a request, or a part of the server itself. */
export type Actor = Pick<Context, 'company_id' | 'client_id' | 'user_id' | 'request_id'> & {
  interface: { id: number | null };
};

/** Writes down who did what, in the transaction of the act. Append-only: name no more of a person than the act needs. */
export async function recordAudit(tx: Tx, ctx: Actor, entry: AuditEntry): Promise<void> {
  await tx.execute(INSERT, [
    ctx.company_id,
    uuidv7(),
    ctx.client_id,
    ctx.user_id ?? null,
    ctx.interface.id,
    ctx.request_id,
    entry.action,
    entry.subject_type,
    entry.subject_id,
    entry.before,
    entry.after,
  ]);
}
