import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { requireCurrentOffers } from '../carts/stale-offer.ts';
import type { Wanted } from '../carts/wanted.ts';

const VERSIONS = statement(
  'exchange_event_versions',
  'SELECT id, version FROM event WHERE company_id = $1 AND id = ANY($2::int[])',
);

/** The offers that a quote was read from must still be those of their events. @throws StaleOffer */
export async function requireCurrent(tx: Tx, ctx: Context, wanted: readonly Wanted[]): Promise<void> {
  const ids = [...new Set(wanted.map(({ offer }) => offer.event_id))];
  const rows = await tx.query<{ id: number; version: number }>(VERSIONS, [ctx.company_id, ids]);
  const versions = new Map(rows.map((row) => [row.id, row.version]));
  requireCurrentOffers(
    ctx.system,
    wanted.map(({ offer }) => offer),
    versions,
  );
}

const NOW = statement('exchange_now', 'SELECT now() AS now');

/** The time of a transaction, by the database's clock: holds end by it. */
export const timeOf = async (tx: Tx): Promise<Date> =>
  ((await tx.query<{ now: Date }>(NOW))[0] as { now: Date }).now;
