import type { z } from 'zod';
import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { type Tx, transaction } from '../../db/transaction.ts';
import { AppError, fieldError, notFound } from '../../errors.ts';
import type { Host, NewHost, SetQuota } from '../../schemas/courtesies.ts';
import { recordAudit } from '../audit.ts';
import { assertFresh } from '../fresh.ts';
import { doorAt } from '../validations/prepare.ts';
import type { Plan } from './grant.ts';

export type HostView = z.output<typeof Host>;

const LOCK = statement(
  'host_quota_lock',
  'SELECT quota, used, approval FROM host_quota WHERE company_id = $1 AND event_id = $2 AND host = $3 FOR UPDATE',
);
const MOVE = statement(
  'host_quota_move',
  `UPDATE host_quota h SET used = h.used + m.used FROM unnest($2::int[], $3::text[], $4::int[]) AS m (event_id, host, used)
   WHERE h.company_id = $1 AND h.event_id = m.event_id AND h.host = m.host`,
);

/** What a host's quota gives. */
export interface TakenQuota {
  /** How many of those asked for. */
  taken: number;
  approval: boolean;
  /** What those beyond it are told. */
  refusal(): AppError;
  /** Those of the taken that came to nothing. */
  giveBack(count: number): Promise<void>;
}

/**
 * Takes courtesies from the quota of a host, whose row is locked before any stock. Without a host there is no quota.
 * @throws AppError limit_exceeded in mode atomic; validation_failed for a host without a quota for the event
 */
export async function takeQuota(tx: Tx, ctx: Context, plan: Plan, count: number): Promise<TakenQuota> {
  const { event_id, host, mode } = plan;
  const none = async () => {};
  const nobody = () => new AppError('limit_exceeded', 'No quota.');
  if (host === null) return { taken: count, approval: false, refusal: nobody, giveBack: none };
  const key = [ctx.company_id, event_id, host];
  const [row] = await tx.query<{ quota: number; used: number; approval: boolean }>(LOCK, key);
  if (!row) throw fieldError('/host', 'This host has no quota for the event.', 'not_found');
  const { quota, used, approval } = row;
  const refusal = () =>
    new AppError('limit_exceeded', `The quota of this host is ${quota}, of which ${quota - used} are left.`, {
      ...{ host, quota, used, available: quota - used },
    });
  const taken = Math.min(count, quota - used);
  if (taken < count && mode === 'atomic') throw refusal();
  await moveQuota(tx, ctx.company_id, [{ event_id, host, used: taken }]);
  return {
    taken,
    approval,
    refusal,
    giveBack: (n) => moveQuota(tx, ctx.company_id, [{ event_id, host, used: -n }]),
  };
}

/** Moves what hosts have used. Their rows are locked, or the check constraint of the table stands behind it. */
export async function moveQuota(
  tx: Tx,
  company_id: number,
  moves: readonly { event_id: number; host: string | null; used: number }[],
): Promise<void> {
  const sums = new Map<string, { event_id: number; host: string; used: number }>();
  for (const { event_id, host, used } of moves) {
    if (host === null) continue;
    const sum = sums.get(`${event_id} ${host}`) ?? { event_id, host, used: 0 };
    sum.used += used;
    sums.set(`${event_id} ${host}`, sum);
  }
  const rows = [...sums.values()];
  if (!rows.length) return;
  await tx.execute(MOVE, [
    company_id,
    rows.map(({ event_id }) => event_id),
    rows.map(({ host }) => host),
    rows.map(({ used }) => used),
  ]);
}

const LIST = statement(
  'host_quota_list',
  'SELECT * FROM host_quota WHERE company_id = $1 AND event_id = $2 ORDER BY lower(host), host',
);
const ONE = statement(
  'host_quota_one',
  'SELECT * FROM host_quota WHERE company_id = $1 AND event_id = $2 AND host = $3',
);
const INSERT = statement(
  'host_quota_insert',
  `INSERT INTO host_quota (company_id, event_id, host, quota, approval) VALUES ($1, $2, $3, $4, $5)
   ON CONFLICT (company_id, event_id, host) DO NOTHING RETURNING *`,
);
const READ = statement(
  'host_quota_read',
  'SELECT * FROM host_quota WHERE company_id = $1 AND event_id = $2 AND host = $3 FOR UPDATE',
);
const SET = statement(
  'host_quota_set',
  `UPDATE host_quota SET quota = $4, approval = $5, updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND event_id = $2 AND host = $3 RETURNING *`,
);
const DELETE = statement(
  'host_quota_delete',
  'DELETE FROM host_quota WHERE company_id = $1 AND event_id = $2 AND host = $3 AND used = 0',
);

/** Hosts of an event with their quotas, by name. @throws AppError not_found */
export async function listHosts(ctx: Context, event_id: number): Promise<HostView[]> {
  await doorAt(ctx, event_id, null);
  return (await ctx.system.db.query<HostView>(LIST, [ctx.company_id, event_id])).map(present);
}

/** @throws AppError not_found */
export async function getHost(ctx: Context, event_id: number, host: string): Promise<HostView> {
  await doorAt(ctx, event_id, null);
  const [row] = await ctx.system.db.query<HostView>(ONE, [ctx.company_id, event_id, host]);
  if (!row) throw notFound('Host');
  return present(row);
}

/**
 * Makes a host with a quota for an event.
 * @throws AppError not_found for the event; conflict when there is one of this name
 */
export async function createHost(
  ctx: Context,
  event_id: number,
  { host, quota, approval = false }: NewHost,
): Promise<HostView> {
  await doorAt(ctx, event_id, null);
  return transaction(ctx, async (tx) => {
    const [made] = await tx.query<HostView>(INSERT, [ctx.company_id, event_id, host, quota, approval]);
    if (!made) throw new AppError('conflict', 'There is a host of this name: set its quota.', { host });
    await audit(tx, ctx, 'host.create', null, made);
    return present(made);
  });
}

/**
 * Sets the quota of a host.
 * @throws AppError not_found; precondition_failed; conflict when more than that is given already
 */
export async function setQuota(
  ctx: Context,
  event_id: number,
  host: string,
  { quota, approval = false }: SetQuota,
): Promise<HostView> {
  await doorAt(ctx, event_id, null);
  const key = [ctx.company_id, event_id, host];
  return transaction(ctx, async (tx) => {
    const before = await lockHost(tx, ctx, key);
    if (before.used > quota)
      throw new AppError('conflict', `${before.used} are given or asked for already: revoke some first.`, {
        used: before.used,
      });
    const [after] = await tx.query<HostView>(SET, [...key, quota, approval]);
    await audit(tx, ctx, 'host.update', before, after as HostView);
    return present(after as HostView);
  });
}

/**
 * Takes a host away who has given nothing.
 * @throws AppError not_found; precondition_failed; conflict
 */
export async function deleteHost(ctx: Context, event_id: number, host: string): Promise<void> {
  await doorAt(ctx, event_id, null);
  const key = [ctx.company_id, event_id, host];
  await transaction(ctx, async (tx) => {
    const row = await lockHost(tx, ctx, key);
    if ((await tx.execute(DELETE, key)) !== 1)
      throw new AppError('conflict', `This host has given ${row.used}: set the quota instead.`, {
        used: row.used,
      });
    await audit(tx, ctx, 'host.delete', row, null);
  });
}

async function lockHost(tx: Tx, ctx: Context, key: readonly unknown[]): Promise<HostView> {
  const [row] = await tx.query<HostView>(READ, key);
  if (!row) throw notFound('Host');
  assertFresh(ctx, row.updated_at);
  return row;
}

function audit(tx: Tx, ctx: Context, action: string, before: HostView | null, after: HostView | null) {
  const facts = (row: HostView | null) => row && { quota: row.quota, approval: row.approval };
  const { event_id, host } = (after ?? before) as HostView;
  return recordAudit(tx, ctx, {
    ...{ action, subject_type: 'host', subject_id: `${event_id} ${host}` },
    ...{ before: facts(before), after: facts(after) },
  });
}

const present = ({ event_id, host, quota, used, approval, created_at, updated_at }: HostView): HostView => ({
  ...{ event_id, host, quota, used, approval, created_at, updated_at },
});
