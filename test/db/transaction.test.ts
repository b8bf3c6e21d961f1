import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Database, openDatabase, statement } from '../../src/db/client.ts';
import { inTransaction, type Tx } from '../../src/db/transaction.ts';
import { makeDatabase, type TestDatabase } from '../helpers/database.ts';

let made: TestDatabase;
let db: Database;
beforeAll(async () => {
  made = await makeDatabase();
  db = openDatabase({ url: made.url, poolSize: 2, onError: () => {} });
});
afterAll(async () => {
  await db.close();
  await made.drop();
});

const ONE = statement('test_one', 'SELECT $1::int AS n');
const DIVIDE = statement('test_divide', 'SELECT 1 / $1::int AS n');
const LOCKED = statement('test_locked', 'SELECT pg_advisory_xact_lock(4711)');
const COMPANY = statement('test_company', "INSERT INTO company (name) VALUES ('pipelined')");
const COMPANIES = statement('test_companies', 'SELECT count(*)::int AS n FROM company');

const one = async (tx: Tx, n: number) => (await tx.query<{ n: number }>(ONE, [n]))[0]?.n;

describe('statements sent together', () => {
  it('are answered each by its own', async () => {
    const numbers = Array.from({ length: 200 }, (_, i) => i);
    const found = await inTransaction(db, (tx) => Promise.all(numbers.map((n) => one(tx, n))));
    expect(found).toEqual(numbers);
  });

  it('fail for the reason of the first that failed, however deep it lies, and undo all', async () => {
    const deep = async (tx: Tx) => {
      await Promise.all([(async () => Promise.all([tx.query(DIVIDE, [0])]))()]);
    };
    const together = inTransaction(db, (tx) =>
      Promise.all([tx.execute(COMPANY), deep(tx), one(tx, 1), tx.execute(COMPANY)]),
    );
    await expect(together).rejects.toMatchObject({ code: '22012' });
    expect(await db.query(COMPANIES)).toEqual([{ n: 0 }]);
    expect(await inTransaction(db, (tx) => one(tx, 7))).toBe(7); // the connection is as good as before
  });

  it('behind one that waited too long for a lock are to be tried again, too', async () => {
    await inTransaction(db, async (holder) => {
      await holder.query(LOCKED);
      const waiting = inTransaction(db, (tx) => Promise.all([tx.query(LOCKED), one(tx, 1)]));
      await expect(waiting).rejects.toMatchObject({ code: 'service_unavailable' });
    });
  });
});
