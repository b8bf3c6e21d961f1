import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ReadingWorld, readingWorld } from '../helpers/reading-world.ts';

let world: ReadingWorld;
let get: ReadingWorld['get'];
let url: string;

beforeAll(async () => {
  world = await readingWorld();
  get = world.get;
  url = `/events/${world.opera.event_id}/maps/${world.opera.map_id}`;
});
afterAll(() => world.close());

const id = (label: string) => world.opera.seats[label] as number;
const NAME = 'Great <hall> & "stage"';
const SHAPE = [
  [0, 50],
  [100, 50],
  [100, 90],
  [0, 90],
];

const head = () => ({
  id: world.opera.map_id,
  name: NAME,
  width: 110,
  height: 100,
  focal_point: { x: 55, y: 0 },
});
const stalls = () => ({
  id: world.opera.stalls,
  name: 'Stalls <left>',
  kind: 'seated',
  capacity: 20,
  shape: null,
});
const gallery = () => ({
  id: world.opera.gallery_id,
  name: 'Gallery',
  kind: 'general',
  capacity: 40,
  shape: SHAPE,
});

const setStatus = (label: string, status: string) =>
  world.sql(
    'UPDATE event_seat SET status = $3::seat_status, version = pg_current_xact_id()::text::bigint WHERE event_id = $1 AND seat_id = $2',
    world.opera.event_id,
    id(label),
    status,
  );

describe('GET /events/:event_id/maps', () => {
  test('lists the maps without their rows', async () => {
    const { body } = await get(`/events/${world.opera.event_id}/maps`);
    expect(body).toEqual({ maps: [{ ...head(), sections: [stalls(), gallery()] }] });
    const paged = await get(`/events/${world.opera.event_id}/maps?page=2`);
    expect([paged.body, paged.headers['x-total']]).toEqual([{ maps: [] }, '1']);
  });
});

describe('GET /events/:event_id/maps/:map_id', () => {
  const row = (label: string, y: number) => ({
    id: expect.any(Number),
    label,
    seats: Array.from({ length: 10 }, (_, s) => ({
      id: id(`${label}${s + 1}`),
      number: String(s + 1),
      x: 10 + s * 10,
      y,
      accessible: label === 'B' && s === 8,
      companion_of: label === 'B' && s === 9 ? id('B9') : null,
    })),
  });

  test('gives sections, rows and seats', async () => {
    const { body } = await get(url);
    expect(body).toEqual({
      map: {
        ...head(),
        sections: [
          { ...stalls(), rows: [row('A', 10), row('B', 20)] },
          { ...gallery(), rows: [] },
        ],
      },
    });
  });

  test('can be kept, and asked for again by its strong ETag', async () => {
    for (const who of ['reader', 'seller'] as const) {
      const { headers } = await get(url, who);
      expect(headers.etag).toMatch(/^"[^"]+"$/);
      expect(headers['cache-control']).toBe('private, max-age=60');
      const again = await get(url, who, { 'if-none-match': String(headers.etag) });
      expect([again.status, again.text, again.headers['cache-control']]).toEqual([
        304,
        '',
        'private, max-age=60',
      ]);
    }
  });

  test('does not change while tickets sell', async () => {
    const before = await get(url, 'seller');
    await setStatus('A10', 'blocked');
    expect((await get(url, 'seller')).headers.etag).toBe(before.headers.etag);
    await setStatus('A10', 'available');
  });

  test('shows an edit of the map at once', async () => {
    await world.sql("UPDATE seat SET number = '10b' WHERE id = $1", id('A10'));
    await world.sql('UPDATE map SET version = version + 1 WHERE id = $1', world.opera.map_id);
    expect((await get(url, 'seller')).body.map.sections[0].rows[0].seats[9]).toMatchObject({ number: '10b' });
    await world.sql("UPDATE seat SET number = '10' WHERE id = $1", id('A10'));
    await world.sql('UPDATE map SET version = version + 1 WHERE id = $1', world.opera.map_id);
  });

  test('a map of another event is not found', async () => {
    const { map_id } = world.scheduled;
    for (const path of ['', '.svg', '/seats', '/availability', '/availability/stream'])
      expect((await get(`/events/${world.opera.event_id}/maps/${map_id}${path}`)).status, path).toBe(404);
    const refused = await get(`${url}?depth=2`);
    expect(refused.body).toMatchObject({ code: 'unknown_field' });
    expect(refused.headers).not.toHaveProperty('cache-control');
    expect((await get(`/events/${world.opera.event_id}/maps/${map_id}`)).headers).not.toHaveProperty(
      'cache-control',
    );
  });
});

describe('GET /events/:event_id/maps/:map_id/seats', () => {
  const seat = (label: string, more: object = {}) => ({
    id: id(label),
    section_id: world.opera.stalls,
    section: 'Stalls <left>',
    row: label[0],
    number: label.slice(1),
    status: 'available',
    accessible: false,
    companion_of: null,
    prices: [{ ticket_type_id: world.opera.seat, total: 8_525 }],
    ...more,
  });
  const labels = Object.keys({ ...Array.from({ length: 10 }) }).map((n) => Number(n) + 1);

  test('gives every seat with status and prices, whole or in pages', async () => {
    const all = [...labels.map((n) => seat(`A${n}`)), ...labels.map((n) => seat(`B${n}`))];
    all[18] = seat('B9', { accessible: true });
    all[19] = seat('B10', { companion_of: id('B9') });
    expect((await get(`${url}/seats`)).body).toEqual({ seats: all });
    const paged = await get(`${url}/seats?per_page=3&page=2`);
    expect([paged.body.seats, paged.headers['x-total']]).toEqual([all.slice(3, 6), '20']);
  });

  test('shows prices of hidden types to those who sell', async () => {
    const { seats } = (await get(`${url}/seats`, 'seller')).body;
    expect(seats[0].prices).toEqual([
      { ticket_type_id: world.opera.seat, total: 8_525 },
      { ticket_type_id: world.opera.vip, total: 20_025 },
    ]);
  });

  test('filters', async () => {
    await setStatus('A1', 'blocked');
    const numbers = async (query: string) =>
      (await get(`${url}/seats?${query}`, 'seller')).body.seats.map(
        (s: { row: string; number: string }) => s.row + s.number,
      );
    expect(await numbers('status=blocked')).toEqual(['A1']);
    expect(await numbers('status=held,sold')).toEqual([]);
    expect(await numbers('accessible=true')).toEqual(['B9']);
    expect(await numbers('accessible=false&status=available')).toHaveLength(18);
    expect(await numbers(`section_id=${world.opera.gallery_id}`)).toEqual([]);
    expect(await numbers(`section_id=${world.opera.stalls}`)).toHaveLength(20);
    await setStatus('A1', 'available');
    for (const query of ['status=free', 'section_id=x', 'accessible=1', 'row=A'])
      expect((await get(`${url}/seats?${query}`)).status, query).toBe(422);
  });

  test('one seat', async () => {
    const path = `/events/${world.opera.event_id}/seats`;
    expect((await get(`${path}/${id('B10')}`)).body).toEqual({
      seat: seat('B10', { companion_of: id('B9') }),
    });
    await setStatus('B10', 'blocked');
    expect((await get(`${path}/${id('B10')}`, 'seller')).body.seat).toMatchObject({ status: 'blocked' });
    await setStatus('B10', 'available');
    expect((await get(`${path}/999999`)).body).toMatchObject({ code: 'not_found' });
    expect((await get(`/events/${world.scheduled.event_id}/seats/${id('A1')}`)).status).toBe(404);
  });
});

describe('GET /events/:event_id/maps/:map_id.svg', () => {
  test('draws every seat with its status and says what it is', async () => {
    await setStatus('A1', 'blocked');
    const { headers, text } = await get(`${url}.svg`, 'seller');
    expect(headers['content-type']).toBe('image/svg+xml; charset=utf-8');
    expect(text).toContain('<title>Great &lt;hall&gt; &amp; &quot;stage&quot;</title>');
    expect(text.match(/<circle id="seat-/g)).toHaveLength(20);
    expect(text).toContain(
      `<circle id="seat-${id('A1')}" class="blocked" cx="10" cy="10" r="4" style="stroke-width:1"><title>Stalls &lt;left&gt;, row A, seat 1: not for sale</title></circle>`,
    );
    expect(text).toContain('row B, seat 9: available, accessible</title>');
    expect(text).toContain('Gallery: 40 left');
    expect(text).toMatch(/<text class="name middle"[^>]*>Stalls &lt;left&gt;<\/text>/);
    expect(text).toContain('@media (prefers-color-scheme:dark)');
    expect(text.match(/<g class="legend">.*<\/g>/)?.[0].match(/<text/g)).toHaveLength(5);
    await setStatus('A1', 'available');
  });

  test('is well-formed XML', async () => {
    const { text } = await get(`${url}.svg`);
    const open: string[] = [];
    for (const [, close, name, empty] of text.matchAll(/<(\/?)([a-z]+)(?:\s[^<>]*?)?(\/?)>/g)) {
      if (close) expect(open.pop()).toBe(name);
      else if (!empty) open.push(name as string);
    }
    expect(open).toEqual([]);
    expect(text.replace(/<[^<>]*>/g, '')).not.toMatch(/[<>]|&(?!amp;|lt;|gt;|quot;|#39;)/);
  });

  test('speaks the language of the request', async () => {
    const { text } = await get(`${url}.svg`, 'seller', { 'accept-language': 'es' });
    expect(text).toContain('fila A, asiento 1: disponible');
    expect(text).toContain('Gallery: 40 disponibles');
  });

  test('has an ETag', async () => {
    const { headers } = await get(`${url}.svg`, 'seller');
    const again = await get(`${url}.svg`, 'seller', { 'if-none-match': String(headers.etag) });
    expect([again.status, again.text]).toEqual([304, '']);
  });
});
