import type pg from 'pg';
import { blockChecks } from './blocks.ts';
import { cartChecks } from './carts.ts';
import type { Check } from './check.ts';
import { counterChecks } from './counters.ts';
import { courtesyChecks } from './courtesies.ts';
import { limitChecks } from './limits.ts';
import { moneyChecks } from './money.ts';
import { operationChecks } from './operations.ts';
import { phaseChecks } from './phases.ts';
import { queueChecks } from './queues.ts';
import { seatChecks } from './seats.ts';
import { subscriptionChecks } from './subscriptions.ts';
import { ticketChecks } from './tickets.ts';
import { waitlistChecks } from './waitlist.ts';

/** Every check, in the order of their report. */
export const CHECKS: readonly Check[] = [
  ...seatChecks,
  ...counterChecks,
  ...limitChecks,
  ...blockChecks,
  ...phaseChecks,
  ...cartChecks,
  ...moneyChecks,
  ...ticketChecks,
  ...operationChecks,
  ...subscriptionChecks,
  ...courtesyChecks,
  ...queueChecks,
  ...waitlistChecks,
];

/** Rows of a breach that are shown; all of them are counted. */
export const ROWS_SHOWN = 20;

/** What one check found. */
export interface Finding {
  name: string;
  proves: string;
  /** Rows that break it; 0 when all is well. */
  breaches: number;
  /** The first of them. */
  rows: Record<string, unknown>[];
}

export interface Verification {
  ok: boolean;
  /** The moment that the findings are about. */
  as_of: Date;
  findings: Finding[];
}

/**
 * Checks every invariant on one snapshot of the database: read-only, without a lock that anybody waits for, and right
 * while sales go on. Runs on a standby, too.
 * @throws DatabaseError, for instance when the database has none of our tables
 */
export async function verifyDatabase(client: pg.ClientBase): Promise<Verification> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY');
  try {
    return await runChecks(client);
  } finally {
    await client.query('ROLLBACK');
  }
}

interface Clock {
  at: string;
  as_of: Date;
}

/** Runs the checks in the transaction that the client is in. */
export async function runChecks(client: pg.ClientBase): Promise<Verification> {
  // Not now(): that is the time of BEGIN, and what is seen may have been committed after it. A hold that had ended for
  // one who took its seat meanwhile must have ended for us, too.
  const { rows } = await client.query<Clock>('SELECT t::text AS at, t AS as_of FROM clock_timestamp() AS t');
  const { at, as_of } = rows[0] as Clock;
  const findings: Finding[] = [];
  for (const check of CHECKS) findings.push(await run(client, check, at));
  return { ok: findings.every(({ breaches }) => breaches === 0), as_of, findings };
}

async function run(client: pg.ClientBase, { name, proves, sql }: Check, at: string): Promise<Finding> {
  const { rows } = await client.query<{ breaches: number; row: Record<string, unknown> }>(
    `WITH clock AS MATERIALIZED (SELECT $1::timestamptz AS at), breach AS (${sql})
     SELECT count(*) OVER ()::int AS breaches, row_to_json(b) AS row FROM breach AS b LIMIT ${ROWS_SHOWN}`,
    [at],
  );
  return { name, proves, breaches: rows[0]?.breaches ?? 0, rows: rows.map(({ row }) => row) };
}
