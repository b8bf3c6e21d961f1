import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Database, openDatabase, statement } from '../../src/db/client.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import { AppError, fieldError } from '../../src/errors.ts';
import { bulkBody } from '../../src/schemas/bulk.ts';
import { allGood, type BulkOf, bulkRows } from '../../src/services/bulk.ts';
import { makeDatabase, type TestDatabase } from '../helpers/database.ts';
import { refusalOf } from '../helpers/refusal.ts';

let database: TestDatabase;
let db: Database;
beforeAll(async () => {
  database = await makeDatabase();
  db = openDatabase({ url: database.url, poolSize: 2, onError: () => {} });
  await db.pool.query(
    'CREATE TABLE thing (name text PRIMARY KEY, price int); CREATE TABLE touched (name text)',
  );
});
afterAll(async () => {
  await db.close();
  await database.drop();
});
beforeEach(() => db.pool.query('TRUNCATE thing, touched'));

const FIND = statement('test_find_thing', 'SELECT name FROM thing WHERE name = $1');
const INSERT = statement('test_insert_thing', 'INSERT INTO thing VALUES ($1, $2)');
const row = z.strictObject({ name: z.string().min(1), price: z.int().min(0) });
type Row = z.output<typeof row>;

const things: BulkOf<Row, { name: string }> = {
  ...{ name: 'things', root: 'thing', row },
  async write(tx, { name, price }) {
    await tx.execute(statement('test_touch', 'INSERT INTO touched VALUES ($1)'), [name]);
    if ((await tx.query(FIND, [name])).length) throw fieldError('/name', 'Taken.', 'taken');
    if (price === 13) throw new AppError('conflict', 'Not thirteen.', { price });
    if (price === 99) throw new AppError('service_unavailable', 'Busy.');
    await tx.execute(INSERT, [name, price]);
    return { name };
  },
};
const send = (mode: 'atomic' | 'each' | undefined, rows: unknown[]) =>
  inTransaction(db, (tx) => bulkRows(tx, mode, rows, things));
const stored = async () =>
  (await db.pool.query('SELECT name FROM thing ORDER BY name')).rows.map(({ name }) => name);
const touched = async () => (await db.pool.query('SELECT FROM touched')).rowCount;

const GOOD = { name: 'a', price: 1 };
const MIXED = [
  GOOD,
  { name: 'b', price: -1, colour: 'red' },
  { name: 'a', price: 2 },
  'text',
  { name: 'c', price: 13 },
  { name: 'd', price: 3 },
];
const FAULTS = {
  1: [
    { pointer: '/things/1/price', code: 'too_small', message: expect.any(String) },
    { pointer: '/things/1/colour', code: 'unknown_field', message: 'Unknown field.' },
  ],
  2: [{ pointer: '/things/2/name', code: 'taken', message: 'Taken.' }],
  3: [{ pointer: '/things/3', code: 'invalid_type', message: expect.any(String) }],
};

describe('rows of a bulk request', () => {
  it('each: the good ones are kept, the others are told one by one and leave no trace', async () => {
    const results = await send('each', MIXED);
    const refused = (index: number, error: object) => ({ index, status: 'error', thing: null, error });
    const invalid = (index: 1 | 2 | 3) =>
      refused(index, {
        ...{ code: 'validation_failed', detail: expect.any(String) },
        errors: expect.arrayContaining(FAULTS[index]),
      });
    expect(results).toEqual([
      { index: 0, status: 'ok', thing: { name: 'a' }, error: null },
      ...[invalid(1), invalid(2), invalid(3)],
      refused(4, { code: 'conflict', detail: 'Not thirteen.', price: 13 }),
      { index: 5, status: 'ok', thing: { name: 'd' }, error: null },
    ]);
    expect(allGood(results)).toBe(false);
    expect(await stored()).toEqual(['a', 'd']);
    expect(await touched()).toBe(2);
  });

  it.each(['atomic', undefined] as const)(
    '%s: none is kept when one is faulty, and every fault is named',
    async (mode) => {
      const refusal = await refusalOf(send(mode, MIXED));
      expect(refusal).toMatchObject({ code: 'validation_failed' });
      expect(refusal.facts.errors).toEqual(
        expect.arrayContaining([
          ...FAULTS[1],
          ...FAULTS[2],
          ...FAULTS[3],
          { pointer: '/things/4', code: 'conflict', message: 'Not thirteen.' },
        ]),
      );
      expect(refusal.facts.errors).toHaveLength(5);
      expect(await stored()).toEqual([]);
      expect(await touched()).toBe(0);
    },
  );

  it('atomic: all are kept when all are good', async () => {
    const results = await send('atomic', [GOOD, { name: 'z', price: 0 }]);
    expect(results.map(({ status }) => status)).toEqual(['ok', 'ok']);
    expect(allGood(results)).toBe(true);
    expect(await stored()).toEqual(['a', 'z']);
  });

  it('atomic: refusals of one kind keep it, and a single one its facts', async () => {
    const one = await refusalOf(send('atomic', [GOOD, { name: 'c', price: 13 }]));
    expect(one).toMatchObject({
      code: 'conflict',
      message: 'Not thirteen. Nothing was written.',
      facts: { price: 13, errors: [{ pointer: '/things/1', code: 'conflict', message: 'Not thirteen.' }] },
    });
    expect(await stored()).toEqual([]);
  });

  it('is refused as a whole, in either mode, by what is no fault of a row', async () => {
    for (const mode of ['each', 'atomic'] as const)
      expect(await refusalOf(send(mode, [GOOD, { name: 'b', price: 99 }]))).toMatchObject({
        code: 'service_unavailable',
      });
    expect(await stored()).toEqual([]);
  });
});

describe('the body of a bulk request', () => {
  const body = bulkBody('things', row, 3);
  it('takes any rows, leaves them to the service, and knows its modes and its limit', () => {
    expect(body.safeParse({ things: [1, 'x', {}] }).success).toBe(true);
    expect(body.safeParse({ mode: 'each', things: [GOOD] }).data).toEqual({ mode: 'each', things: [GOOD] });
    for (const bad of [
      {},
      { things: [] },
      { things: [1, 2, 3, 4] },
      { mode: 'some', things: [1] },
      { things: [1], x: 1 },
    ])
      expect(body.safeParse(bad).success).toBe(false);
  });

  it('documents what a row takes', () => {
    expect(z.toJSONSchema(body, { io: 'input' })).toMatchObject({
      properties: { things: { items: { required: ['name', 'price'], additionalProperties: false } } },
    });
  });
});
