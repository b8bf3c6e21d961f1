import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient } from '../generated/prisma/client.ts';
import { withArrayLiterals } from './arrays.ts';

// int8 arrives as a string by default, lest it lose digits; ours (versions, sequences, counts) stay below 2^53.
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format as 'text')) as never,
};

/** A named prepared statement: parsed and planned once a connection. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** Names a statement. The name must be unique in the program: PostgreSQL keeps plans by it. */
export const statement = (name: string, text: string): Statement => ({ name, text });

export type Values = readonly unknown[];

/** Reads outside any transaction, and the pool behind everything. */
export interface Database {
  readonly kind: 'database';
  readonly pool: pg.Pool;
  readonly prisma: PrismaClient;
  /** Runs one statement on any connection; rows as plain objects. It goes by key: see `openDatabase`. */
  query<Row>(statement: Statement, values?: Values): Promise<Row[]>;
  /** Runs one read that goes through many rows, by whatever plan is the best for that. */
  scan<Row>(statement: Statement, values?: Values): Promise<Row[]>;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  url: string;
  /** Connections of this process. */
  poolSize: number;
  onError: (error: Error) => void;
}

// Set when connecting, so that transactions need not set it one by one, and what is asked outside them goes by it, too.
const BY_KEY = '-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off';

/**
 * One pool for Prisma and for the prepared statements of the hot paths.
 *
 * Statements are planned once (`force_generic_plan`): planning `= ANY($1)` afresh costs more than running it. And they go
 * by key: a few given rows, joined with their tables. A plan made while PostgreSQL takes a table for nearly empty, because
 * it has just grown, would rather read all of it, and is kept: every poll of a queue would read all who wait. A plan may
 * still begin at the table and look up the given rows: hence statements name the keys a second time, as `id = ANY($2)`,
 * and whichever end it begins at, it reads no others. What no index answers is read whole all the same. Reads that go
 * through many rows are better off when they may scan and hash: they say so by `scan` or are made `inSnapshot`.
 */
export function openDatabase({ url, poolSize, onError }: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: poolSize,
    types,
    application_name: 'ticketing-api',
    statement_timeout: 15_000,
    lock_timeout: 5_000,
    connectionTimeoutMillis: 10_000,
    // Statements that do not wait for each other's rows share a round trip: they go out at once and are answered in order.
    pipeline: true,
    idle_in_transaction_session_timeout: 15_000,
    options: `-c plan_cache_mode=force_generic_plan ${BY_KEY} -c jit=off -c timezone=UTC`,
  });
  // A connection that breaks must not end the process, whether it is idle or in the hands of a transaction.
  pool.on('error', onError);
  pool.on('connect', (client) => client.on('error', onError));
  const prisma = new PrismaClient({
    adapter: new PrismaPg(pool, { statementNameGenerator: ({ sql }) => statementName(sql) }),
  });
  return {
    kind: 'database',
    pool,
    prisma,
    query: async <Row>(s: Statement, values: Values = []) =>
      (await pool.query(configOf(s, values))).rows as Row[],
    scan: async <Row>(s: Statement, values: Values = []) => {
      const client = await pool.connect();
      const send = together(client);
      const [began, answer, ended] = await Promise.allSettled([
        send(`BEGIN READ ONLY; ${SCANNING}`),
        send(configOf(scanning(s), values)),
        send('ROLLBACK'),
      ]);
      client.release(ended.status === 'rejected'); // never give a connection in an unknown state back to the pool
      if (began.status === 'rejected') throw began.reason;
      if (answer.status === 'rejected') throw answer.reason;
      return answer.value.rows as Row[];
    },
    async close() {
      await prisma.$disconnect();
      await pool.end();
    },
  };
}

/** Allows a transaction all plans: for reads of many rows. All in one message: no round trip more. */
export const SCANNING =
  'SET LOCAL enable_seqscan = on; SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on';

/** The statement under a name of its own where it may scan: a plan is kept by the name, and others must go by key. */
export const scanning = ({ name, text }: Statement): Statement => ({ name: `${name} scan`, text });

/** What pg is given to run a statement. */
export const configOf = ({ name, text }: Statement, values: Values = []): pg.QueryConfig => ({
  name,
  text,
  values: withArrayLiterals(values),
});

/** Sends what is asked in one turn of the event loop as one packet: a write to a socket costs more than a statement. */
export function together(client: pg.PoolClient): (query: string | pg.QueryConfig) => Promise<pg.QueryResult> {
  const { stream } = (client as unknown as { connection: pg.Connection }).connection;
  let held = false;
  return (query) => {
    if (!held) {
      held = true;
      stream.cork();
      process.nextTick(() => {
        held = false;
        stream.uncork();
      });
    }
    return client.query(query as pg.QueryConfig);
  };
}

const names = new Map<string, string>();

/** Prisma's texts are few but long; a bounded map gives each a short stable name. */
function statementName(sql: string): string {
  let name = names.get(sql);
  if (!name) {
    if (names.size > 2_000) names.clear();
    name = `prisma_${sql.length}_${names.size}_${Date.now().toString(36)}`;
    names.set(sql, name);
  }
  return name;
}
