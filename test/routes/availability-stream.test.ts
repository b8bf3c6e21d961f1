import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listenTo, type Told } from '../helpers/event-stream.ts';
import { type ReadingWorld, readingWorld } from '../helpers/reading-world.ts';

let world: ReadingWorld;
let base: string;

beforeAll(async () => {
  world = await readingWorld();
  base = await world.app.listen({ port: 0, host: '127.0.0.1' });
});
afterAll(() => world.close());

interface Availability {
  availability: { version: string; seats: Record<string, number[]>; sections: unknown[] };
}

const listen = (headers: Record<string, string> = {}, query = '') => {
  const { event_id, map_id } = world.opera;
  const url = `${base}/events/${event_id}/maps/${map_id}/availability/stream${query}`;
  return listenTo<Availability>(url, world.token('reader'), headers);
};

const id = (label: string) => world.opera.seats[label] as number;
const set = (label: string, status: 'available' | 'blocked') =>
  world.sql(
    `UPDATE event_seat SET status = $3::seat_status, version = pg_current_xact_id()::text::bigint
     WHERE event_id = $1 AND seat_id = $2`,
    world.opera.event_id,
    id(label),
    status,
  );

describe('the stream of a map', () => {
  test('begins with the whole state, then tells changes as they happen', async () => {
    await set('A1', 'blocked');
    const client = await listen();
    expect(client.status).toBe(200);
    expect(client.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-interface': String(world.web),
      'ratelimit-remaining': expect.any(String),
    });
    expect(client.headers).not.toHaveProperty('content-encoding');
    const first = await client.next();
    expect(first).toEqual({
      id: first?.data.availability.version,
      event: 'availability',
      data: {
        availability: {
          version: expect.any(String),
          seats: { held: [], sold: [], blocked: [id('A1')] },
          sections: [
            { id: world.opera.stalls, available: 19 },
            { id: world.opera.gallery_id, available: 40 },
          ],
        },
      },
    });
    await set('A1', 'available');
    const began = performance.now();
    expect((await client.next())?.data.availability.seats).toMatchObject({
      available: [id('A1')],
      blocked: [],
    });
    expect(performance.now() - began).toBeLessThan(2_000);
    client.stop();
  });

  test('resumes after the last event that the client has', async () => {
    const client = await listen();
    const { id: last } = (await client.next()) as Told<Availability>;
    client.stop();
    await set('B1', 'blocked');
    const resumed = await listen({ 'last-event-id': last });
    expect((await resumed.next())?.data.availability.seats).toEqual({
      available: [],
      held: [],
      sold: [],
      blocked: [id('B1')],
    });
    resumed.stop();
    const since = await listen({}, `?since=${last}`);
    expect((await since.next())?.data.availability.seats.blocked).toEqual([id('B1')]);
    since.stop();
    const foreign = await listen({ 'last-event-id': 'of another stream' });
    expect((await foreign.next())?.data.availability.seats).not.toHaveProperty('available');
    foreign.stop();
    await set('B1', 'available');
  });

  test('all listeners share one poller, and are told the same', async () => {
    const clients = await Promise.all(Array.from({ length: 20 }, () => listen()));
    await Promise.all(clients.map((client) => client.next()));
    await expect.poll(() => world.system.streams.size).toBe(20); // those of other tests have gone
    const queries = world.system.db.query;
    let looks = 0;
    Object.assign(world.system.db, {
      query: (statement: { name: string }, values: unknown[]) => {
        if (statement.name === 'map_look') looks++;
        return queries(statement as never, values);
      },
    });
    await sleep(1_000);
    Object.assign(world.system.db, { query: queries });
    expect(looks).toBeGreaterThanOrEqual(1);
    expect(looks).toBeLessThanOrEqual(5);
    await set('A2', 'blocked');
    const told = await Promise.all(clients.map((client) => client.next()));
    expect(new Set(told.map((event) => JSON.stringify(event))).size).toBe(1);
    for (const client of clients) client.stop();
    await set('A2', 'available');
    await expect.poll(() => world.system.streams.size).toBe(0);
  });

  test('lasts as long as asked for, five minutes at most', async () => {
    const client = await listen({}, '?seconds=1');
    await client.next();
    const began = performance.now();
    expect(await client.next()).toBeUndefined();
    expect(performance.now() - began).toBeGreaterThan(500);
    for (const query of ['seconds=301', 'seconds=0', 'since=x', 'until=1'])
      expect((await listen({}, `?${query}`)).status, query).toBe(422);
  });

  test('ends with the server, and the server with it', async () => {
    const client = await listen();
    await client.next();
    const began = performance.now();
    const closed = world.app.close();
    expect(await client.next()).toBeUndefined();
    await closed;
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});
