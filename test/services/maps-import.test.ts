import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Database, openDatabase, statement } from '../../src/db/client.ts';
import { inTransaction, type Tx } from '../../src/db/transaction.ts';
import { AppError } from '../../src/errors.ts';
import { publishEvent } from '../../src/services/inventory/publish.ts';
import { importMap, type MapImport, type SeatImport } from '../../src/services/maps/import.ts';
import {
  makeCompany,
  makeEvent,
  mapOf,
  seatedSection,
  standingSection,
  type TestCompany,
} from '../helpers/catalogue.ts';
import { makeDatabase, type TestDatabase } from '../helpers/database.ts';

let database: TestDatabase;
let db: Database;
let company: TestCompany;

beforeAll(async () => {
  database = await makeDatabase();
  db = openDatabase({ url: database.url, poolSize: 4, onError: () => {} });
  company = await inTransaction(db, (tx) => makeCompany(tx));
});

afterAll(async () => {
  await db.close();
  await database.drop();
});

const run = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => inTransaction(db, work);
const read = async <Row>(sql: string, ...values: unknown[]): Promise<Row[]> =>
  (await db.pool.query(sql, values)).rows as Row[];

async function refusalOf(promise: Promise<unknown>): Promise<AppError> {
  const error = await promise.catch((thrown: unknown) => thrown);
  if (!(error instanceof AppError)) throw new Error('it was not refused', { cause: error });
  return error;
}

const theatre = (): MapImport => ({
  name: 'Theatre',
  venue_id: null,
  width: 100,
  height: 80,
  focal_point: { x: 50, y: 0 },
  sections: [
    {
      name: 'Stalls',
      kind: 'seated',
      shape: [
        [0, 0],
        [100, 0],
        [100, 40],
      ],
      rows: [
        {
          label: 'A',
          seats: [
            { number: '1', x: 20, y: 10 },
            { number: '2', x: 45, y: 10, position: 4, accessible: true },
            { number: '3', x: 55, y: 10, companion_of: '2' },
          ],
        },
        { label: 'B', seats: [{ number: '1', x: 50, y: 30 }] },
      ],
    },
    { name: 'Floor', kind: 'general', capacity: 200, rows: [] },
  ],
});

describe('importing a map', () => {
  it('writes the map, its sections, rows and seats', async () => {
    const { company_id } = company;
    const { map_id, section_ids, seat_count } = await run((tx) => importMap(tx, company_id, theatre()));
    expect(seat_count).toBe(4);
    expect(await read('SELECT name, width, height, focal_x, focal_y FROM map WHERE id = $1', map_id)).toEqual(
      [{ name: 'Theatre', width: 100, height: 80, focal_x: 50, focal_y: 0 }],
    );
    expect(
      await read(
        'SELECT id, name, kind, capacity, position, shape FROM section WHERE map_id = $1 ORDER BY id',
        map_id,
      ),
    ).toEqual([
      {
        ...{ id: section_ids[0], name: 'Stalls', kind: 'seated', capacity: 4, position: 0 },
        shape: [
          [0, 0],
          [100, 0],
          [100, 40],
        ],
      },
      { id: section_ids[1], name: 'Floor', kind: 'general', capacity: 200, position: 1, shape: null },
    ]);
    const seats = await read<{ id: number; companion_of: number | null }>(
      `SELECT s.id, r.label, r.position AS row, s.number, s.position, s.x, s.accessible, s.companion_of, s.rank
       FROM seat s JOIN seat_row r ON r.id = s.row_id WHERE s.map_id = $1 AND s.section_id = $2
       ORDER BY r.position, s.position`,
      map_id,
      section_ids[0],
    );
    const plain = { accessible: false, companion_of: null };
    expect(seats.map(({ id, companion_of, ...seat }) => ({ ...seat, companion_of }))).toEqual([
      { label: 'A', row: 0, number: '1', position: 1, x: 20, rank: 4, ...plain },
      { label: 'A', row: 0, number: '2', position: 4, x: 45, rank: 1, ...plain, accessible: true },
      { label: 'A', row: 0, number: '3', position: 5, x: 55, rank: 2, ...plain, companion_of: seats[1]?.id },
      { label: 'B', row: 1, number: '1', position: 1, x: 50, rank: 3, ...plain },
    ]);
  });

  it('names every fault at once and writes nothing', async () => {
    const seat = (number: string, more: Partial<SeatImport> = {}): SeatImport => ({
      number,
      x: 1,
      y: 1,
      ...more,
    });
    const before = await read('SELECT count(*) FROM map');
    const map: MapImport = {
      ...theatre(),
      sections: [
        {
          name: 'Stalls',
          kind: 'seated',
          capacity: 12,
          rows: [
            { label: 'A', seats: [seat('1'), seat('1', { x: 2 }), seat('2', { x: 1.001 })] },
            { label: 'A', seats: [] },
            {
              label: 'C',
              seats: [
                seat('1', { x: 3, position: 2 }),
                seat('2', { x: 4, position: 2 }),
                seat('3', { x: 5, companion_of: '9' }),
                seat('4', { x: 6, companion_of: '1' }),
                seat('5', { x: 101 }),
                seat('6', { x: 7, y: Number.NaN }),
              ],
            },
          ],
        },
        { name: 'Stalls', kind: 'general', rows: [] },
        { name: 'Floor', kind: 'general', capacity: 0, rows: [{ label: 'A', seats: [seat('1', { x: 8 })] }] },
        { name: 'Circle', kind: 'seated', rows: [] },
      ],
    };
    const refusal = await refusalOf(run((tx) => importMap(tx, company.company_id, map)));
    expect(refusal.code).toBe('validation_failed');
    expect(refusal.facts.errors?.map(({ pointer, code }) => `${pointer} ${code}`).sort()).toEqual([
      '/sections/0/capacity mismatch',
      '/sections/0/rows/0/seats/1/number duplicate',
      '/sections/0/rows/0/seats/2 overlap',
      '/sections/0/rows/1/label duplicate',
      '/sections/0/rows/1/seats empty',
      '/sections/0/rows/2/seats/1/position duplicate',
      '/sections/0/rows/2/seats/2/companion_of not_found',
      '/sections/0/rows/2/seats/3/companion_of not_accessible',
      '/sections/0/rows/2/seats/4/x outside',
      '/sections/0/rows/2/seats/5/y outside',
      '/sections/1/capacity required',
      '/sections/1/name duplicate',
      '/sections/2/capacity too_small',
      '/sections/2/rows not_seated',
      '/sections/3/rows empty',
    ]);
    expect(await read('SELECT count(*) FROM map')).toEqual(before);
  });

  it('refuses a map without sections', async () => {
    const refusal = await refusalOf(run((tx) => importMap(tx, company.company_id, mapOf())));
    expect(refusal.facts.errors).toMatchObject([{ pointer: '/sections', code: 'empty' }]);
  });
});

describe('publishing an event', () => {
  const stockOf = (event_id: number) =>
    read(
      `SELECT s.section_id, s.capacity, s.held, s.sold, s.blocked, s.version > 0 AS stamped,
         (SELECT count(*)::int FROM event_seat e WHERE e.event_id = s.event_id AND e.section_id = s.section_id
            AND e.status = 'available' AND e.map_id = s.map_id AND e.version = s.version) AS seats
       FROM event_section s WHERE s.event_id = $1 ORDER BY s.section_id`,
      event_id,
    );

  it('makes stock of every seat and section of its maps', async () => {
    const { event_id, section_ids } = await run((tx) => makeEvent(tx, company));
    const fresh = { held: 0, sold: 0, blocked: 0, stamped: true };
    expect(await stockOf(event_id)).toEqual([
      { section_id: section_ids[0], capacity: 20, seats: 20, ...fresh },
      { section_id: section_ids[1], capacity: 100, seats: 0, ...fresh },
    ]);
    expect(await read('SELECT status, version FROM event WHERE id = $1', event_id)).toEqual([
      { status: 'published', version: 2 },
    ]);
    expect(
      await read(
        "SELECT type, data FROM change WHERE subject_id = $1 AND type = 'event.updated'",
        `${event_id}`,
      ),
    ).toEqual([{ type: 'event.updated', data: { status: 'published' } }]);
  });

  it('happens once, whoever asks at the same time', async () => {
    const { event_id } = await run((tx) => makeEvent(tx, company, undefined, { publish: false }));
    const publish = () => run((tx) => publishEvent(tx, company.company_id, event_id));
    const results = await Promise.allSettled([publish(), publish(), publish()]);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const refusal = await refusalOf(publish());
    expect([refusal.code, refusal.facts.event_status]).toEqual(['conflict', 'published']);
    expect(await read('SELECT count(*)::int FROM event_seat WHERE event_id = $1', event_id)).toEqual([
      { count: 20 },
    ]);
  });

  it('does not find the event of another company', async () => {
    const other = await run((tx) => makeCompany(tx, 'Another company'));
    const { event_id } = await run((tx) => makeEvent(tx, company, undefined, { publish: false }));
    const refusal = await refusalOf(run((tx) => publishEvent(tx, other.company_id, event_id)));
    expect(refusal.code).toBe('not_found');
  });
});

// Seconds are for the bench to promise: here ten times the seats may not take much more than ten times as long.
it('imports a map of 50,000 seats, and publishes its event, at a cost in proportion to the seats', {
  timeout: 120_000,
}, async () => {
  const { company_id } = company;
  const stand = (i: number) => seatedSection(`Stand ${i}`, 50, 100, i * 600);
  async function measure(stands: number) {
    const sections = [
      ...Array.from({ length: stands }, (_, i) => stand(i)),
      standingSection('Pitch', 10_000),
    ];
    const began = performance.now();
    const event = await run((tx) => makeEvent(tx, company, sections, { publish: false }));
    const stock = await run((tx) => publishEvent(tx, company_id, event.event_id));
    return { took: performance.now() - began, stock, map_id: event.map_id };
  }
  await measure(1); // the code is warm, and the plans are made
  const small = await measure(1);
  const large = await measure(10);
  expect(large.stock).toEqual({ sections: 11, seats: 50_000 });
  expect(large.took).toBeLessThan(40 * small.took);
  const counted = statement(
    'test_seat_ranks',
    'SELECT count(*) AS seats, count(DISTINCT rank) AS ranks, min(rank) AS best FROM seat WHERE company_id = $1 AND map_id = $2',
  );
  expect(await db.query(counted, [company_id, large.map_id])).toEqual([
    { seats: 50_000, ranks: 50_000, best: 1 },
  ]);
});
