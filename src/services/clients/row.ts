import type { z } from 'zod';
import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { notFound } from '../../errors.ts';
import type { Page, PageRequest } from '../../routing/answers.ts';
import type { Client } from '../../schemas/clients.ts';

export type ClientView = z.output<typeof Client>;
export type ClientRow = Omit<ClientView, 'secret'>;

/** Everything of a client but its secrets. */
export const CLIENT_COLUMNS = `c.id, c.name, c.scopes, ARRAY (SELECT i.interface_id FROM client_interface i
    WHERE i.company_id = c.company_id AND i.client_id = c.id ORDER BY i.interface_id) AS interface_ids,
  c.default_interface_id, c.rate_limit, c.active, c.created_at, c.updated_at,
  CASE WHEN c.old_secret_expires_at > now() THEN c.old_secret_expires_at END AS old_secret_expires_at`;

const LIST = statement(
  'client_list',
  `SELECT ${CLIENT_COLUMNS}, count(*) OVER () AS total FROM client c
   WHERE c.company_id = $1 AND ($2::bool IS NULL OR c.active = $2) ORDER BY c.created_at, c.id LIMIT $3 OFFSET $4`,
);
const COUNT = statement(
  'client_count',
  'SELECT count(*)::int AS total FROM client WHERE company_id = $1 AND ($2::bool IS NULL OR active = $2)',
);
const READ = statement(
  'client_read',
  `SELECT ${CLIENT_COLUMNS} FROM client c WHERE c.company_id = $1 AND c.id = $2`,
);
const LOCK = statement(
  'client_lock',
  `SELECT ${CLIENT_COLUMNS} FROM client c WHERE c.company_id = $1 AND c.id = $2 FOR UPDATE`,
);

/** The company's clients, oldest first. */
export async function listClients(
  ctx: Context,
  { active = null }: { active?: boolean | null | undefined },
  { limit, offset }: PageRequest,
): Promise<Page<ClientView>> {
  const { db } = ctx.system;
  const rows = await db.query<ClientRow & { total: number }>(LIST, [ctx.company_id, active, limit, offset]);
  const [all] = rows.length ? rows : await db.query<{ total: number }>(COUNT, [ctx.company_id, active]);
  return { items: rows, total: Number(all?.total ?? 0) };
}

/** @throws AppError not_found */
export async function getClient(ctx: Context, client_id: string): Promise<ClientView> {
  const [client] = await ctx.system.db.query<ClientRow>(READ, [ctx.company_id, client_id]);
  if (!client) throw notFound('Client');
  return client;
}

/**
 * A client under its lock; `lockAccess` comes first.
 * @throws AppError not_found
 */
export async function lockClient(tx: Tx, company_id: number, client_id: string): Promise<ClientRow> {
  const [client] = await tx.query<ClientRow>(LOCK, [company_id, client_id]);
  if (!client) throw notFound('Client');
  return client;
}

/** A client as it stands within the transaction. */
export async function readClient(tx: Tx, company_id: number, client_id: string): Promise<ClientRow> {
  const [client] = await tx.query<ClientRow>(READ, [company_id, client_id]);
  if (!client) throw notFound('Client');
  return client;
}
