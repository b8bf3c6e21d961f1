import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withArrayLiterals } from '../../src/db/arrays.ts';
import { type Database, openDatabase, statement } from '../../src/db/client.ts';
import { makeDatabase, type TestDatabase } from '../helpers/database.ts';

let made: TestDatabase;
let db: Database;
beforeAll(async () => {
  made = await makeDatabase();
  db = openDatabase({ url: made.url, poolSize: 1, onError: () => {} });
});
afterAll(async () => {
  await db.close();
  await made.drop();
});

const ECHO = statement(
  'echo_arrays',
  'SELECT $1::text[] AS texts, $2::int[] AS numbers, $3::timestamptz[] AS times, $4::bool[] AS flags, $5::bytea[] AS bytes',
);

// Text that PostgreSQL can hold: no NUL, no half of a surrogate pair.
const text = fc.oneof(
  fc.string({ unit: 'binary' }).map((s) => s.replaceAll('\0', '')),
  fc.constantFrom('', 'NULL', 'null', '{}', '{"a\\\\":[1]}', ',', ' ', '"', '\\', '\\"', '\n', "'", '}'),
);
const orNull = <T>(of: fc.Arbitrary<T>) => fc.array(fc.option(of));

describe('arrays as parameters', () => {
  it('arrive as they were sent', async () => {
    await fc.assert(
      fc.asyncProperty(
        orNull(text),
        orNull(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
        orNull(fc.date({ min: new Date('1900-01-01'), max: new Date('2999-12-31'), noInvalidDate: true })),
        orNull(fc.boolean()),
        async (texts, numbers, times, flags) => {
          const bytes = [Buffer.from([0, 255, 34, 92])];
          const [row] = await db.query(ECHO, [texts, numbers, times, flags, bytes]);
          expect(row).toEqual({ texts, numbers, times, flags, bytes });
        },
      ),
      { numRuns: 200 },
    );
  });

  it('that hold anything else are left to the driver, like all that is no array', () => {
    const values = [[Buffer.from('x')], [{ a: 1 }], [[1]], 'text', 1, null];
    expect(withArrayLiterals(values)).toEqual(values);
  });
});
