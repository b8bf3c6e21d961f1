import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiWorld, apiWorld } from '../helpers/api-world.ts';

// Venues, categories, and the log of who changed what.

let world: ApiWorld;
beforeAll(async () => {
  world = await apiWorld();
});
afterAll(() => world.close());

const admin = (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, body?: unknown, headers = {}) =>
  world.call(method, url, { who: 'admin', body, headers });
const faults = (answer: { json(): { errors: { pointer: string; code: string }[] } }) =>
  answer.json().errors.map(({ pointer, code }) => `${pointer} ${code}`);

describe('a venue', () => {
  const bare = { name: 'Hall', time_zone: 'Europe/Madrid' };

  it('is made, changed field by field and deleted', async () => {
    const answer = await admin('POST', '/venues', { ...bare, city: 'Madrid' });
    const { venue } = answer.json();
    expect(venue).toEqual({
      ...{
        id: expect.any(Number),
        ...bare,
        line1: null,
        city: 'Madrid',
        postal_code: null,
        country_id: null,
      },
      ...{ state_id: null, latitude: null, longitude: null },
      ...{ created_at: expect.any(String), updated_at: expect.any(String) },
    });
    expect(answer.headers.location).toBe(`/venues/${venue.id}`);
    const changed = await admin('PATCH', `/venues/${venue.id}`, {
      country_id: 46,
      state_id: 530,
      city: null,
    });
    expect(changed.json().venue).toMatchObject({ ...bare, country_id: 46, state_id: 530, city: null });
    expect((await admin('DELETE', `/venues/${venue.id}`)).statusCode).toBe(204);
    expect((await admin('GET', `/venues/${venue.id}`)).statusCode).toBe(404);
  });

  it('is in a state of its own country', async () => {
    expect(faults(await admin('POST', '/venues', { ...bare, country_id: 999 }))).toEqual([
      '/country_id not_found',
    ]);
    expect(faults(await admin('POST', '/venues', { ...bare, state_id: 530 }))).toEqual([
      '/country_id required',
    ]);
    expect(faults(await admin('POST', '/venues', { ...bare, country_id: 46, state_id: 9 }))).toEqual([
      '/state_id not_found',
    ]);
    expect(faults(await admin('POST', '/venues', { ...bare, time_zone: 'Mars/North' }))).toEqual([
      '/time_zone custom',
    ]);
  });

  it('that events are at stays', async () => {
    const answer = await admin('DELETE', `/venues/${world.venue_id}`);
    expect(answer.statusCode).toBe(409);
    expect(answer.json()).toMatchObject({ event_ids: [world.event_id], map_ids: [] });
  });

  it('stays as long as an event comes to it in the same moment', async () => {
    for (let round = 0; round < 10; round++) {
      const { id } = (await admin('POST', '/venues', bare)).json().venue;
      const [moved, deleted] = await Promise.allSettled([
        world.system.db.pool.query('UPDATE event SET venue_id = $2 WHERE id = $1', [world.event_id, id]),
        admin('DELETE', `/venues/${id}`),
      ]);
      const gone = deleted.status === 'fulfilled' && deleted.value.statusCode === 204;
      expect(moved.status).toBe(gone ? 'rejected' : 'fulfilled');
      await world.system.db.pool.query('UPDATE event SET venue_id = $2 WHERE id = $1', [
        world.event_id,
        world.venue_id,
      ]);
    }
    expect(world.errors.splice(0)).toEqual([]);
  });
});

describe('a category', () => {
  it('has names by language, and a code of its own', async () => {
    const body = { code: 'jazz', names: { en: 'Jazz', es: 'Yas' } };
    const { category } = (await admin('POST', '/categories', body)).json();
    const asked = await admin('GET', `/categories/${category.id}`, undefined, { 'accept-language': 'es' });
    expect(asked.json().category).toEqual({
      ...{ id: category.id, code: 'jazz', name: 'Yas', names: body.names },
      ...{ created_at: expect.any(String), updated_at: expect.any(String) },
    });
    const twice = await admin('POST', '/categories', body);
    expect([twice.statusCode, twice.json().code]).toEqual([409, 'conflict']);
    await admin('PATCH', `/categories/${category.id}`, { names: { en: 'Blues' } });
    const again = await admin('GET', `/categories/${category.id}`, undefined, { 'accept-language': 'es' });
    expect(again.json().category).toMatchObject({ code: 'jazz', name: 'Blues' });
    expect((await admin('DELETE', `/categories/${category.id}`)).statusCode).toBe(204);
  });

  it('that events are filed under stays', async () => {
    const answer = await admin('DELETE', `/categories/${world.category_id}`);
    expect([answer.statusCode, answer.json().event_ids]).toEqual([409, [world.event_id]]);
  });
});

describe('the audit log', () => {
  it('tells who did what, before and after, newest first, and filters', async () => {
    const { venue } = (await admin('POST', '/venues', { name: 'Old', time_zone: 'Europe/Madrid' })).json();
    const request = { 'x-request-id': 'the-change' };
    await admin('PATCH', `/venues/${venue.id}`, { name: 'New' }, request);
    await admin('DELETE', `/venues/${venue.id}`);
    const of = `subject_type=venue&subject_id=${venue.id}`;
    const { audit_logs } = (await admin('GET', `/audit_logs?${of}`)).json();
    expect(audit_logs.map(({ action }: { action: string }) => action)).toEqual([
      'venue.delete',
      'venue.update',
      'venue.create',
    ]);
    expect(audit_logs[1]).toEqual({
      ...{
        id: expect.any(String),
        action: 'venue.update',
        subject_type: 'venue',
        subject_id: String(venue.id),
      },
      before: { ...venue },
      after: { ...venue, name: 'New', updated_at: expect.any(String) },
      ...{ client_id: 'acme-admin', user_id: null, interface_id: world.accounts.interfaces.web },
      ...{ request_id: 'the-change', created_at: expect.any(String) },
    });
    const count = async (query: string) =>
      Number((await admin('GET', `/audit_logs?${query}`)).headers['x-total']);
    expect(await count(`${of}&action=venue.update`)).toBe(1);
    expect(await count('request_id=the-change')).toBe(1);
    expect(await count(`${of}&client_id=nobody`)).toBe(0);
    expect(await count(`${of}&user_id=1`)).toBe(0);
    const { created_at } = audit_logs[1];
    expect(await count(`${of}&from=${created_at}`)).toBe(2);
    expect(await count(`${of}&to=${created_at}`)).toBe(1);
    const page = await admin('GET', `/audit_logs?${of}&per_page=2&page=2`);
    expect(page.json().audit_logs.map(({ id }: { id: string }) => id)).toEqual([audit_logs[2].id]);
  });

  it('is of one company, and never changes', async () => {
    const answer = await world.call('GET', '/audit_logs', { who: 'rival' });
    expect(answer.json()).toEqual({ audit_logs: [] });
    const change = world.system.db.pool.query("UPDATE audit_log SET action = 'x'");
    await expect(change).rejects.toThrow('append-only');
  });
});
