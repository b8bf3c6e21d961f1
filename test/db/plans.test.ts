import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SalesWorld, salesWorld } from '../helpers/sales-world.ts';
import { sourceFiles } from '../rules/source.ts';

// A plan is made once, when a table may be nearly empty, and kept. It must read the given rows and no others, whether or
// not PostgreSQL has counted what the table holds by now.

let world: SalesWorld;
beforeAll(async () => {
  world = await salesWorld();
});
afterAll(() => world.close());

/** Set-based statements that move rows of tables which grow with sales, as the program has them: by name. */
const STATEMENTS = Object.fromEntries(
  sourceFiles('src').flatMap(({ code }) =>
    [...code.matchAll(/statement\(\s*'(\w+)',\s*`([^`$]*(?:\$\d[^`$]*)*)`/g)].map(([, name, text]) => [
      name,
      text,
    ]),
  ),
) as Record<string, string>;

const NAMES = ['cart_add', 'cart_add_paid', 'cart_take_off_paid', 'sale_detail_reprice', 'refund_lines']
  .concat([
    'payment_move',
    'payment_refund',
    'ticket_void',
    'zones_move',
    'scan_update_tickets',
    'scan_settle',
  ])
  .concat(['scan_correct', 'scan_by_nonce', 'job_finish', 'job_finished']);

describe('a statement over given rows', () => {
  it.each(NAMES)('%s finds them by their keys, however it joins them', async (name) => {
    const client = await world.system.db.pool.connect();
    try {
      await client.query('BEGIN');
      await client.query(`PREPARE planned AS ${STATEMENTS[name]}`);
      const { rows } = await client.query<{ types: string[] }>(
        "SELECT parameter_types::text[] AS types FROM pg_prepared_statements WHERE name = 'planned'",
      );
      const nothing = rows[0]?.types.map(() => 'NULL').join(', ');
      const plan = (await client.query(`EXPLAIN (COSTS OFF) EXECUTE planned(${nothing})`)).rows
        .map((row) => row['QUERY PLAN'])
        .join('\n');
      // Each table that is read by an index is read by the keys, given or joined; none by its company alone.
      expect(plan).not.toMatch(/Seq Scan/);
      expect(plan).not.toMatch(/Index Cond: \(company_id = \$1\)\s*$/m);
    } finally {
      await client.query('ROLLBACK');
      await client.query('DEALLOCATE ALL').catch(() => {});
      client.release(true);
    }
  });
});
