import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import bcrypt from 'bcrypt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { theatreMap } from '../../prisma/seed/demo/maps.ts';
import { SLUGS } from '../../prisma/seed/demo.ts';
import { type Seeded, seed } from '../../prisma/seed/index.ts';
import { withSeedLock } from '../../prisma/seed/lock.ts';
import { readConfig } from '../../src/config.ts';
import { type Database, openDatabase } from '../../src/db/client.ts';
import { hashSecret } from '../../src/services/oauth/client-auth.ts';
import { makeDatabase, type TestDatabase } from '../helpers/database.ts';

const SLOW = 120_000;

let database: TestDatabase;
let db: Database;
let folder: string;

/** A database and a data folder for the tests of one block, which follow each other. */
function useFreshStart(): void {
  beforeAll(async () => {
    database = await makeDatabase();
    db = openDatabase({ url: database.url, poolSize: 4, onError: () => {} });
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'seed-'));
  });
  afterAll(async () => {
    await db.close();
    await database.drop();
    fs.rmSync(folder, { recursive: true });
  });
}

const start = (more: Record<string, string> = {}, where = folder): Promise<Seeded> =>
  withSeedLock(database.url, () => seed(db, readConfig({ BCRYPT_COST: '4', ...more }), where));

const read = async <Row>(sql: string, ...values: unknown[]): Promise<Row[]> =>
  (await db.pool.query(sql, values)).rows as Row[];

const one = async <Row>(sql: string, ...values: unknown[]): Promise<Row> =>
  (await read<Row>(sql, ...values))[0] as Row;

describe('the demo company', { timeout: SLOW }, () => {
  useFreshStart();

  it('has the channels, clients, events and people that were promised', async () => {
    const { demo, notices } = await start();
    expect(notices).toEqual([]);
    expect(await read('SELECT id, kind FROM interface ORDER BY id')).toEqual([
      { id: 1, kind: 'web' },
      { id: 2, kind: 'box_office' },
      { id: 3, kind: 'partner' },
    ]);
    expect(
      await read(
        `SELECT c.id, array_to_string(scopes, ' ') AS scopes, default_interface_id AS home,
           (SELECT array_agg(interface_id ORDER BY interface_id) FROM client_interface i WHERE i.client_id = c.id) AS may
         FROM client c ORDER BY id`,
      ),
    ).toEqual([
      { id: 'demo-back-office', scopes: 'public buy sell admin', home: 1, may: [1, 2, 3] },
      { id: 'demo-box-office', scopes: 'public sell', home: 2, may: [2] },
      { id: 'demo-web', scopes: 'public buy', home: 1, may: [1] },
    ]);
    const events = await read<Record<string, unknown>>(
      `SELECT slug, status, starts_at > now() + interval '2 months' AS months_ahead, orphan_rule, max_per_cart,
         (SELECT array_agg(interface_id ORDER BY interface_id) FROM event_interface i WHERE i.event_id = e.id) AS sold_on,
         (SELECT count(*)::int FROM event_seat s WHERE s.event_id = e.id) AS seats,
         (SELECT sum(s.capacity)::int FROM event_section s JOIN section x ON x.id = s.section_id
           WHERE s.event_id = e.id AND x.kind = 'general') AS places,
         (SELECT count(*)::int FROM ticket_type t WHERE t.event_id = e.id) AS types
       FROM event e ORDER BY id`,
    );
    const generous = { months_ahead: true, orphan_rule: false, max_per_cart: 20 };
    expect(events).toEqual([
      {
        slug: SLUGS.theatre,
        status: 'published',
        sold_on: [1, 2],
        seats: 1_200,
        places: null,
        types: 5,
        ...generous,
      },
      {
        slug: SLUGS.festival,
        status: 'published',
        sold_on: [1, 2, 3],
        seats: 0,
        places: 10_000,
        types: 3,
        ...generous,
      },
      {
        slug: SLUGS.stadium,
        status: 'published',
        sold_on: [1, 2],
        seats: 50_000,
        places: 10_000,
        types: 3,
        ...generous,
        orphan_rule: true,
      },
      {
        slug: SLUGS.sold_out,
        status: 'published',
        sold_on: [1, 2],
        seats: 0,
        places: 120,
        types: 1,
        ...generous,
      },
      {
        slug: 'harbour-cinema-night',
        status: 'published',
        sold_on: [3],
        seats: 0,
        places: 250,
        types: 1,
        ...generous,
      },
      {
        slug: 'winter-opera-gala',
        status: 'draft',
        sold_on: [1, 2],
        seats: 0,
        places: null,
        types: 1,
        ...generous,
      },
      {
        slug: 'comedy-night',
        status: 'cancelled',
        sold_on: [1, 2],
        seats: 0,
        places: 300,
        types: 1,
        ...generous,
      },
      {
        ...{ slug: 'unplugged-at-the-club', status: 'published', sold_on: [1, 2], ...generous },
        ...{ seats: 0, places: 300, types: 1 },
      },
    ]);
    expect(await read('SELECT name, capacity FROM product ORDER BY id')).toEqual([
      { name: 'Programme', capacity: null },
      { name: 'Parking', capacity: 800 },
      { name: 'T-shirt', capacity: 2_000 },
    ]);
    expect(await read('SELECT count(*)::int AS kinds FROM (SELECT DISTINCT kind FROM code)')).toEqual([
      { kinds: 3 },
    ]);
    expect(
      await one(
        `SELECT t.access_code_required AS hidden FROM code c JOIN ticket_type t ON t.id = ANY(c.ticket_type_ids)
         WHERE c.kind = 'access'`,
      ),
    ).toEqual({ hidden: true });
    expect(
      await one(
        `SELECT a.country_id, a.state_id, s.country_id AS country_of_state, u.first_name, u.last_name, g.first_name AS guest
         FROM user_account u JOIN address a ON a.user_id = u.id JOIN guest g ON g.user_id = u.id
         JOIN state s ON s.id = a.state_id WHERE u.email_key = 'john.doe@mail.com'`,
      ),
    ).toEqual({
      ...{
        country_id: 46,
        state_id: 530,
        country_of_state: 46,
        first_name: 'John',
        last_name: 'Doe',
        guest: 'Jane',
      },
    });
    expect(await one('SELECT count(*)::int AS plans FROM plan_setting')).toEqual({ plans: 3 });
    const { password_hash } = await one<{ password_hash: string }>('SELECT password_hash FROM user_account');
    expect(await bcrypt.compare(demo?.secrets.password ?? '', password_hash)).toBe(true);
  });

  it('is found by name, venue and city, whatever the accents', async () => {
    const { search_text } = await one<{ search_text: string }>(
      'SELECT search_text FROM event WHERE slug = $1',
      SLUGS.sold_out,
    );
    expect(search_text).toContain('valparaiso');
    expect(search_text).toContain('buhos');
  });

  it('stands as it is on a second start, with the same secrets, which only their owner can read', async () => {
    const first = await start();
    await db.pool.query("UPDATE event SET name = 'Renamed by its owner' WHERE id = 1");
    const second = await start();
    expect(second).toEqual(first);
    expect(await read('SELECT count(*)::int FROM company')).toEqual([{ count: 1 }]);
    expect(await one('SELECT name FROM event WHERE id = 1')).toEqual({ name: 'Renamed by its owner' });
    expect(fs.statSync(path.join(folder, 'demo-secrets.json')).mode & 0o777).toBe(0o600);
    const clear = Object.values(first.demo?.secrets.clients ?? {});
    const stored = (await read<{ secret_hash: string }>('SELECT secret_hash FROM client')).map(
      (c) => c.secret_hash,
    );
    expect(stored.sort()).toEqual(clear.map(hashSecret).sort());
  });

  it('gets new secrets from a folder that does not know them, and says so', async () => {
    const elsewhere = path.join(folder, 'elsewhere');
    const { demo, notices } = await start({}, elsewhere);
    expect(notices).toHaveLength(1);
    expect(notices[0]).toMatch(/demo-web, demo-box-office, demo-back-office, john\.doe@mail\.com$/);
    expect(await one("SELECT secret_hash FROM client WHERE id = 'demo-web'")).toEqual({
      secret_hash: hashSecret(demo?.secrets.clients.web ?? ''),
    });
    expect((await start({}, elsewhere)).notices).toEqual([]);
  });

  it('moves events that are past some months ahead, to the same weekday and hour', async () => {
    const clock = `SELECT to_char(starts_at AT TIME ZONE time_zone, 'D HH24:MI') AS clock, ends_at - starts_at AS length,
      starts_at - doors_at AS doors, starts_at > now() + interval '11 weeks' AS ahead, version FROM event WHERE id = $1`;
    const before = await one<{ version: number }>(clock, 1);
    await db.pool.query(
      `UPDATE event SET starts_at = starts_at - interval '364 days', ends_at = ends_at - interval '364 days',
         doors_at = doors_at - interval '364 days' WHERE id = 1`,
    );
    await start();
    expect(await one(clock, 1)).toEqual({ ...before, version: before.version + 1 });
    expect(await one<{ version: number }>(clock, 2)).toMatchObject({ version: 2 });
  });
});

describe('two starts at the same time, after one that was killed on the way', { timeout: SLOW }, () => {
  useFreshStart();

  it('make the demo company once, with the ids it always has', async () => {
    await db.pool.query("SELECT nextval(pg_get_serial_sequence('interface', 'id')), nextval('event_id_seq')");
    const [one, other] = await Promise.all([start(), start()]);
    expect(one).toEqual(other);
    expect(await read('SELECT count(*)::int, min(id) FROM event')).toEqual([{ count: 8, min: 1 }]);
    expect(await read('SELECT min(id) FROM interface')).toEqual([{ min: 1 }]);
  });
});

describe('a database without the demo', { timeout: SLOW }, () => {
  useFreshStart();

  it('stays out of a database that has a company of its own, or is told to', async () => {
    expect(await start({ SEED: 'reference' })).toEqual({ demo: undefined, notices: [] });
    expect(await read('SELECT count(*)::int FROM company')).toEqual([{ count: 0 }]);
    expect(await one('SELECT country_id FROM state WHERE id = 530')).toEqual({ country_id: 46 });
    await db.pool.query("INSERT INTO company (name) VALUES ('Real Tickets')");
    const { demo, notices } = await start();
    expect(demo).toBeUndefined();
    expect(notices).toHaveLength(1);
    expect(await read('SELECT name FROM company')).toEqual([{ name: 'Real Tickets' }]);
  });
});

describe('the reference data', { timeout: SLOW }, () => {
  useFreshStart();

  it('is brought up to date where it differs, and not written again where it does not', async () => {
    await start({ SEED: 'reference' });
    const versions = () => read('SELECT xmin::text, id FROM country ORDER BY id');
    const before = await versions();
    await start({ SEED: 'reference' });
    expect(await versions()).toEqual(before);
    await db.pool.query("UPDATE country SET name = '{}' WHERE id = 46");
    await db.pool.query('DELETE FROM state WHERE id = 530');
    await start({ SEED: 'reference' });
    expect(await one("SELECT name->>'en' AS name FROM country WHERE id = 46")).toEqual({ name: 'Chile' });
    expect(await one('SELECT code FROM state WHERE id = 530')).toEqual({ code: 'CL-RM' });
  });
});

describe('the theatre', () => {
  const { sections, width, height } = theatreMap(1);
  const seats = sections.flatMap((section) => section.rows.flatMap((row) => row.seats));

  it('has 1,200 seats, wheelchair places and a companion beside each', () => {
    expect(seats).toHaveLength(1_200);
    const wheelchairs = seats.filter((seat) => seat.accessible);
    expect(wheelchairs.length).toBeGreaterThanOrEqual(8);
    expect(seats.filter((seat) => seat.companion_of !== undefined)).toHaveLength(wheelchairs.length);
    for (const { rows } of sections)
      for (const row of rows)
        for (const seat of row.seats.filter((s) => s.companion_of)) {
          const beside = row.seats.find((s) => s.number === seat.companion_of);
          expect(Math.hypot(seat.x - (beside?.x ?? 0), seat.y - (beside?.y ?? 0))).toBeLessThan(15);
        }
  });

  it('keeps its seats apart and on the map', () => {
    expect(seats.every(({ x, y }) => x > 10 && x < width - 10 && y > 80 && y < height - 10)).toBe(true);
    const nearest = seats.map((seat, i) =>
      Math.min(...seats.slice(i + 1).map((other) => Math.hypot(seat.x - other.x, seat.y - other.y))),
    );
    expect(Math.min(...nearest)).toBeGreaterThan(9);
  });
});
