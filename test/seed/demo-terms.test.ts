import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seed } from '../../prisma/seed/index.ts';
import { withSeedLock } from '../../prisma/seed/lock.ts';
import { readConfig } from '../../src/config.ts';
import { type Database, openDatabase } from '../../src/db/client.ts';
import { verifyDatabase } from '../../src/services/verify/run.ts';
import { makeDatabase, type TestDatabase } from '../helpers/database.ts';

let database: TestDatabase;
let db: Database;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'seed-'));
beforeAll(async () => {
  database = await makeDatabase();
  db = openDatabase({ url: database.url, poolSize: 4, onError: () => {} });
});
afterAll(async () => {
  await db.close();
  await database.drop();
  fs.rmSync(folder, { recursive: true });
});

const read = async <Row>(sql: string): Promise<Row[]> => (await db.pool.query(sql)).rows as Row[];

it('shows phases, quantity rules, house seats, allotments and a queue', async () => {
  await withSeedLock(database.url, () => seed(db, readConfig({ BCRYPT_COST: '4' }), folder));
  expect(await read('SELECT name, price, until_sold FROM price_phase')).toEqual([
    { name: 'Early bird', price: 39_000, until_sold: 500 },
  ]);
  const rules = await read<{ kind: string }>(
    "SELECT definition ->> 'kind' AS kind FROM quantity_rule ORDER BY id",
  );
  expect(rules.map(({ kind }) => kind)).toEqual(['multi_buy', 'bundle']);
  const blocks = await read(
    `SELECT b.kind, b.interface_id, b.overflow, b.release_at < e.starts_at AS released,
       coalesce(b.quantity, (SELECT count(*)::int FROM event_seat s WHERE s.block_id = b.id AND s.status = 'blocked')) AS n
     FROM block b JOIN event e ON e.company_id = b.company_id AND e.id = b.event_id ORDER BY b.id`,
  );
  const plain = { interface_id: null, overflow: false, released: null };
  expect(blocks).toEqual([
    { kind: 'kill', ...plain, n: 60 },
    { kind: 'hold', ...plain, n: 40 },
    { kind: 'allotment', interface_id: 3, overflow: false, released: true, n: 600 },
    { kind: 'house', ...plain, released: true, n: expect.any(Number) },
    { kind: 'allotment', interface_id: 2, overflow: true, released: null, n: 500 },
  ]);
  expect((blocks[3] as { n: number }).n).toBeGreaterThan(10);
  expect(
    await read(
      `SELECT e.slug, q.inflow, q.starts_at < now() AS started FROM queue q JOIN event e ON e.id = q.event_id`,
    ),
  ).toEqual([{ slug: 'unplugged-at-the-club', inflow: 60, started: true }]);
  const client = await db.pool.connect();
  const { findings } = await verifyDatabase(client).finally(() => client.release());
  expect(findings.filter((finding) => finding.breaches)).toEqual([]);
}, 120_000);
