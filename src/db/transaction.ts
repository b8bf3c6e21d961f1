import type pg from 'pg';
import type { Context } from '../context.ts';
import { AppError } from '../errors.ts';
import {
  configOf,
  type Database,
  SCANNING,
  type Statement,
  scanning,
  statement,
  together,
  type Values,
} from './client.ts';
import { commitFailure, translateDatabaseError } from './errors.ts';
import { answerKeys, claimKeys } from './idempotency.ts';

/** The only handle that exists inside a transaction. A function that must run in one takes a Tx, never a Database. */
export interface Tx {
  readonly kind: 'transaction';
  query<Row>(statement: Statement, values?: Values): Promise<Row[]>;
  /** Runs a write and gives the number of rows it touched. */
  execute(statement: Statement, values?: Values): Promise<number>;
}

/**
 * Runs one use case as one transaction and keeps its answer under the request's Idempotency-Key, if it has one.
 * A refusal with an effect (a declined payment) is returned by `work`: committed and kept like any answer, then thrown.
 * @param more `answer: false` when the use case goes on in a later transaction (a card payment): the key is claimed
 *   now and answered by that one.
 * @throws AppError idempotency_in_progress, idempotency_key_reused; constraint violations as db/errors.ts maps them
 */
export async function transaction<T>(
  ctx: Context,
  work: (tx: Tx) => Promise<T | AppError>,
  more = { answer: true },
): Promise<T> {
  const key = ctx.idempotency;
  const outcome = await inTransaction(
    ctx.system.db,
    async (tx) => {
      if (key?.state === 'unclaimed') {
        const [refusal] = await claimKeys(tx, [ctx]);
        if (refusal) throw refusal;
      }
      const result = await work(tx);
      if (key && more.answer) await answerKeys(tx, [{ ctx, result }]);
      return result;
    },
    endOf(ctx),
  );
  if (key) key.state = more.answer ? 'answered' : 'claimed';
  if (outcome instanceof AppError) throw outcome;
  return outcome;
}

/** How a transaction ends when its work is done: a dry run does all of it and keeps nothing. */
export type End = 'COMMIT' | 'ROLLBACK';

export const endOf = ({ dry_run }: Pick<Context, 'dry_run'>): End => (dry_run ? 'ROLLBACK' : 'COMMIT');

/** A transaction outside any request: jobs, sweepers, batches. */
export async function inTransaction<T>(
  db: Database,
  work: (tx: Tx) => Promise<T>,
  end: End = 'COMMIT',
): Promise<T> {
  const client = await db.pool.connect();
  let broken = false;
  try {
    const result = await work(handle(client, 'BEGIN'));
    await client.query(end).catch((error: unknown) => {
      throw commitFailure(error);
    });
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {
      broken = true; // never give a connection in an unknown state back to the pool
    });
    throw translateDatabaseError(error);
  } finally {
    client.release(broken);
  }
}

const SNAPSHOT = `BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; ${SCANNING}`;
const CLOCK = statement('snapshot_clock', "SELECT date_trunc('milliseconds', clock_timestamp()) AS at");

/**
 * Reads that must agree with each other: all of them see the database as it was at one moment. Nothing is written, and
 * nobody waits for it. They may go through many rows: unlike all others they may scan and hash (`openDatabase`).
 * @param work given that moment, too. Not now(), which is a little older than what is seen: a hold that had ended for one
 *   who took its seat meanwhile must have ended for us, too.
 */
export async function inSnapshot<T>(db: Database, work: (tx: Tx, at: Date) => Promise<T>): Promise<T> {
  const client = await db.pool.connect();
  let broken = false;
  try {
    const tx = handle(client, SNAPSHOT, scanning);
    const [clock] = await tx.query<{ at: Date }>(CLOCK);
    return await work(tx, (clock as { at: Date }).at);
  } catch (error) {
    throw translateDatabaseError(error);
  } finally {
    await client.query('ROLLBACK').catch(() => {
      broken = true;
    });
    client.release(broken);
  }
}

/** Begins the transaction; its first statements travel in the same packet, and none is answered unless it has begun. */
function handle(client: pg.PoolClient, begin: string, as = (s: Statement): Statement => s): Tx {
  const send = together(client);
  let failure: unknown;
  const failed = (error: unknown): never => {
    // Of statements sent together, those behind one that failed only say that the transaction is aborted.
    failure ??= error;
    throw failure;
  };
  const began = send(begin).catch(failed);
  began.catch(() => {}); // whoever sends a statement hears of it
  const run = async (s: Statement, values: Values = []) => {
    const answer = send(configOf(as(s), values)).catch(failed);
    const [result] = await Promise.all([answer, began]);
    return result;
  };
  return {
    kind: 'transaction',
    query: async <Row>(s: Statement, values?: Values) => (await run(s, values)).rows as Row[],
    execute: async (s, values) => (await run(s, values)).rowCount ?? 0,
  };
}
