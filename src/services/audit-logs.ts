import type { z } from 'zod';
import type { Context } from '../context.ts';
import { statement } from '../db/client.ts';
import type { Page, PageRequest } from '../routing/answers.ts';
import type { AuditLog } from '../schemas/audit-logs.ts';

export type AuditLogView = z.output<typeof AuditLog>;

export interface AuditFilters {
  action?: string | undefined;
  subject_type?: string | undefined;
  subject_id?: string | undefined;
  client_id?: string | undefined;
  user_id?: number | undefined;
  request_id?: string | undefined;
  from?: Date | undefined;
  to?: Date | undefined;
}

const FILTERS = `company_id = $1 AND ($2::text IS NULL OR action = $2) AND ($3::text IS NULL OR subject_type = $3)
   AND ($4::text IS NULL OR subject_id = $4) AND ($5::text IS NULL OR client_id = $5)
   AND ($6::int IS NULL OR user_id = $6) AND ($7::text IS NULL OR request_id = $7)
   AND ($8::timestamptz IS NULL OR created_at >= $8) AND ($9::timestamptz IS NULL OR created_at < $9)`;
// The history of one thing goes by its own index; a plan that is made once must not guess which filters are given.
const OF_SUBJECT = `${FILTERS} AND subject_type = $3 AND subject_id = $4`;

const COLUMNS = `id, action, subject_type, subject_id, before, after, client_id, user_id, interface_id, request_id,
  created_at`;
const page = (filters: string) =>
  `SELECT ${COLUMNS} FROM audit_log WHERE ${filters} ORDER BY created_at DESC, id DESC LIMIT $10 OFFSET $11`;
const count = (filters: string) => `SELECT count(*)::int AS total FROM audit_log WHERE ${filters}`;

const PAGE = statement('audit_page', page(FILTERS));
const PAGE_OF_SUBJECT = statement('audit_page_of_subject', page(OF_SUBJECT));
const COUNT = statement('audit_count', count(FILTERS));
const COUNT_OF_SUBJECT = statement('audit_count_of_subject', count(OF_SUBJECT));

/** Who did what to what, newest first. Entries are only ever added: a trigger forbids the rest. */
export async function listAuditLogs(
  ctx: Context,
  filters: AuditFilters,
  { limit, offset }: PageRequest,
): Promise<Page<AuditLogView>> {
  const { action, subject_type, subject_id, client_id, user_id, request_id, from, to } = filters;
  const values = [
    ctx.company_id,
    ...[action, subject_type, subject_id, client_id, user_id, request_id, from, to].map((v) => v ?? null),
  ];
  const ofSubject = subject_type !== undefined && subject_id !== undefined;
  const { db } = ctx.system;
  const [items, [all]] = await Promise.all([
    db.query<AuditLogView>(ofSubject ? PAGE_OF_SUBJECT : PAGE, [...values, limit, offset]),
    db.scan<{ total: number }>(ofSubject ? COUNT_OF_SUBJECT : COUNT, values),
  ]);
  return { items, total: all?.total ?? 0 };
}
