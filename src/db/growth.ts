import type { Logger } from 'pino';
import { type Rounds, startRounds } from '../rounds.ts';
import { type Database, statement } from './client.ts';

// Plans are made once (client.ts), by what PostgreSQL knew of its tables then. It takes a table that it has counted while
// nearly empty for one page, where any index is as good as another: it may well look up a token, or a place of a queue, by
// the index that begins with its company, and read all rows of that. Autovacuum would count again after up to a minute,
// in which a sale begins and is over. A count of a grown table makes every connection of every process plan anew.

const EVERY_MS = 1_000;

/** Pages below which reading a whole table is no matter. */
const SMALL = 4;

// A table that was never counted has no pages as yet; PostgreSQL guesses, and well enough, until it has.
const GROWN = statement(
  'tables_grown',
  `SELECT format('%I.%I', n.nspname, c.relname) AS name
   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace,
     LATERAL (SELECT pg_relation_size(c.oid) / current_setting('block_size')::int AS pages) AS now
   WHERE c.relkind = 'r' AND n.nspname = current_schema() AND pg_has_role(c.relowner, 'USAGE')
     AND now.pages >= ${SMALL} AND now.pages >= 2 * c.relpages`,
);

/**
 * Counts the tables that have at least doubled since they were counted last. Nobody waits for it, and it leaves out those
 * that somebody else counts at this moment. A table of a million rows takes a fifth of a second: PostgreSQL looks at a sample.
 * @returns their names
 */
export async function countGrown(db: Database): Promise<string[]> {
  const grown = await db.query<{ name: string }>(GROWN);
  for (const { name } of grown) await db.pool.query(`ANALYZE (SKIP_LOCKED) ${name}`);
  return grown.map(({ name }) => name);
}

/** Does so once a second. */
export const startCounting = (db: Database, log: Logger): Rounds =>
  startRounds(EVERY_MS, async () => {
    try {
      await countGrown(db);
    } catch (err) {
      log.warn({ err }, 'tables that have grown were not counted; the next round tries again');
    }
  });
