import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listenTo } from '../helpers/event-stream.ts';
import { type DoorWorld, doorWorld, fromNow } from '../helpers/ticket-factories.ts';

let world: DoorWorld;
let base: string;
beforeAll(async () => {
  world = await doorWorld();
  base = await world.app.listen({ port: 0, host: '127.0.0.1' });
});
afterAll(() => world.close());

/** As listenTo; what it was told is compared with what the summary route says. */
async function listen(headers: Record<string, string> = {}, query = '') {
  const url = `${base}/events/${world.tonight.event_id}/validations/stream${query}`;
  // biome-ignore lint/suspicious/noExplicitAny: compared whole
  const client = await listenTo<{ summary: any }>(url, world.token('admin'), headers);
  return {
    ...client,
    next: async () => {
      const told = await client.next();
      return told && { id: told.id, event: told.event, ...told.data };
    },
  };
}
const enter = async (more = {}) =>
  (await world.scan(await world.code(await world.ticket()), more)).body.validation;
const summary = async (query = '') =>
  (await world.call(`/events/${world.tonight.event_id}/validations/summary${query}`)).body.summary;

describe('the doors live', () => {
  it('begin with the summary, then tell it again at every change, with the minutes that changed', async () => {
    await enter({ gate_id: world.tonight.north });
    const client = await listen();
    expect(client.status).toBe(200);
    expect(client.headers['content-type']).toBe('text/event-stream');
    const first = await client.next();
    expect(first).toMatchObject({ id: expect.stringMatching(/^v[0-9a-z]+$/), event: 'summary' });
    expect(first?.summary).toEqual(await summary());
    const began = performance.now();
    const old = await enter({
      scanned_at: fromNow(-50 * 60_000).toISOString(),
      gate_id: world.tonight.south,
    });
    const second = await client.next();
    expect(performance.now() - began).toBeLessThan(3_000);
    expect(second?.summary).toMatchObject({ inside: 2, entries: 2 });
    expect(second?.summary.minutes).toEqual(
      [...[{ at: `${old.scanned_at.slice(0, 16)}:00.000Z`, gate_id: world.tonight.south }]].map((minute) => ({
        ...minute,
        entries: 1,
        exits: 0,
        rejected: 0,
      })),
    );
    await world.call(`/validations/${old.id}/undo`, { method: 'POST' });
    expect((await client.next())?.summary).toMatchObject({
      inside: 1,
      minutes: [{ gate_id: world.tonight.south, entries: 0 }],
    });
    client.stop();
  });

  it('resume: all minutes that changed since the last event, and nothing twice', async () => {
    const client = await listen();
    const { id = '' } = (await client.next()) ?? {};
    client.stop();
    const missed = await enter({ scanned_at: fromNow(-20 * 60_000).toISOString() });
    const resumed = await listen({ 'last-event-id': id });
    const told = await resumed.next();
    expect(told?.summary.minutes).toMatchObject([
      { at: `${missed.scanned_at.slice(0, 16)}:00.000Z`, entries: 1 },
    ]);
    resumed.stop();
    const anew = await listen({ 'last-event-id': 'of another stream' });
    expect((await anew.next())?.summary.minutes.length).toBeGreaterThan(1);
    anew.stop();
  });

  it('ask the database once for all who listen, and not at all when nobody does', async () => {
    const clients = await Promise.all(Array.from({ length: 12 }, () => listen()));
    for (const client of clients) await client.next();
    expect(world.system.doorStreams.size).toBe(12);
    const { pool } = world.system.db;
    const real = pool.query.bind(pool);
    let looks = 0;
    pool.query = ((...args: Parameters<typeof real>) => {
      if ((args[0] as { name?: string }).name === 'door_stream_look') looks++;
      return real(...args);
    }) as typeof pool.query;
    await sleep(1_300);
    expect(looks).toBeGreaterThanOrEqual(1);
    expect(looks).toBeLessThanOrEqual(4);
    for (const client of clients) client.stop();
    await sleep(700);
    expect(world.system.doorStreams.size).toBe(0);
    looks = 0;
    await sleep(700);
    expect(looks).toBe(0);
    pool.query = real as typeof pool.query;
  });

  it('end when their time is over, and are refused elsewhere and for a time that is none', async () => {
    const client = await listen({}, '?seconds=1');
    await client.next();
    expect(await client.next()).toBeUndefined();
    const url = `/events/${world.elsewhere.event_id}/validations/stream`;
    expect((await world.call(url)).status).toBe(404);
    const long = await world.call(`/events/${world.tonight.event_id}/validations/stream?seconds=301`);
    expect([long.status, long.body.errors[0].pointer]).toEqual([422, '/query/seconds']);
  });
});

describe('the picture of the doors', () => {
  const draw = async (query = '', headers = {}) => {
    const url = `/events/${world.tonight.event_id}/validations/summary.svg${query}`;
    const answer = await world.call(url, { headers });
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'image/svg+xml; charset=utf-8']);
    return answer.raw.toString();
  };

  it('draws the figures of the summary, for light and dark pages, in the language of the reader', async () => {
    const svg = await draw();
    const { inside, entries } = await summary();
    expect(svg).toContain(`<title id="t">Tonight &lt;3: ${inside} inside</title>`);
    expect(svg).toContain(`<text class="figure" x="174" y="78">${entries}</text>`);
    expect(svg).toContain('prefers-color-scheme:dark');
    expect(svg).toContain('>North</text>');
    expect(await draw('', { 'accept-language': 'es' })).toContain('dentro');
  });

  it('cuts what there is no room for, whole letters at a time, and tells each gate by all its figures', async () => {
    const name = `${'A long title '.repeat(5)}👩‍👩‍👧 and more of it that nobody reads`;
    const was = 'Tonight <3';
    await world.sql('UPDATE event SET name = $2 WHERE id = $1', world.tonight.event_id, name);
    const svg = await draw();
    await world.sql('UPDATE event SET name = $2 WHERE id = $1', world.tonight.event_id, was);
    expect(svg).toContain(`>${'A long title '.repeat(5)}👩‍👩‍👧 and…</text>`);
    expect(svg).toContain(`<title id="t">${name}`); // whole for those who hear it
    expect(svg).toContain('>By gate: entries · exits · rejected</text>');
    const { gates } = await summary();
    for (const { entries, exits, rejected } of gates)
      expect(svg).toContain(`>${entries} · ${exits} · ${rejected}</text>`);
  });

  it('has one bar a step with what happened in it, and the number inside at the end of each', async () => {
    const to = fromNow(60_000).toISOString();
    const svg = await draw(`?from=${fromNow(-59 * 60_000).toISOString()}&to=${to}`);
    const bars = [
      ...svg.matchAll(/<title>[^<]* · entries (\d+) · exits (\d+) · rejected (\d+) · inside (-?\d+)</g),
    ];
    expect(bars.length).toBeGreaterThanOrEqual(60);
    expect(bars.length).toBeLessThanOrEqual(61);
    const sum = bars.reduce((total, [, entries]) => total + Number(entries), 0);
    expect(sum).toBe((await summary(`?from=${fromNow(-59 * 60_000).toISOString()}&to=${to}`)).entries);
    expect(bars.at(-1)?.[4]).toBe(String((await summary()).inside));
    const day = await draw(`?from=${fromNow(-23 * 3_600_000).toISOString()}&to=${to}`);
    expect([...day.matchAll(/ · entries /g)].length).toBeLessThanOrEqual(72);
  });

  it('of no time, more than a day or an event elsewhere is refused', async () => {
    const url = `/events/${world.tonight.event_id}/validations/summary.svg`;
    for (const from of [fromNow(3_600_000), fromNow(-25 * 3_600_000)]) {
      const refused = await world.call(`${url}?from=${from.toISOString()}`);
      expect([refused.status, refused.body.errors[0].pointer]).toEqual([422, '/query/from']);
    }
    expect((await world.call(`/events/${world.elsewhere.event_id}/validations/summary.svg`)).status).toBe(
      404,
    );
  });
});
