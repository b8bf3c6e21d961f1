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
  /** Runs one statement on any connection; rows as plain objects. */
  query<Row>(statement: Statement, values?: Values): Promise<Row[]>;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  url: string;
  /** Connections of this process. */
  poolSize: number;
  onError: (error: Error) => void;
}

/**
 * One pool for Prisma and for the prepared statements of the hot paths.
 * Statements are planned once (`force_generic_plan`): planning `= ANY($1)` afresh costs more than running it.
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
    options: '-c plan_cache_mode=force_generic_plan -c jit=off -c timezone=UTC',
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
      (await pool.query({ name: s.name, text: s.text, values: withArrayLiterals(values) })).rows as Row[],
    async close() {
      await prisma.$disconnect();
      await pool.end();
    },
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
