import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiWorld, apiWorld } from '../helpers/api-world.ts';
import { gatedEvent } from '../helpers/routes/queues.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await apiWorld();
});
afterAll(() => world.close());

const typeOf = async (queue: string): Promise<number> => {
  const url = queue.replace('/queue', '/ticket_types');
  return (await world.call('GET', url, { who: 'admin' })).json().ticket_types[0].id;
};
const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const hash = expect.stringMatching(/^[0-9a-f]{64}$/);

describe('a buyer', () => {
  it('queues, asks again as told, and buys with the pass', async () => {
    const queue = await gatedEvent(world, { inflow: 6 });
    const event_id = Number(queue.split('/')[2]);
    const items = [{ ticket_type_id: await typeOf(queue), quantity: 1 }];
    const refused = await world.call('POST', '/carts', { who: 'mary', body: { items } });
    expect(refused.statusCode).toBe(409);
    expect(refused.json()).toMatchObject({ code: 'queue_required', event_id, reason: 'no_place', queue });

    const first = await world.call('POST', queue, { who: 'john' });
    expect(first.statusCode).toBe(201);
    expect(first.headers['retry-after']).toBeUndefined();
    const { place } = first.json();
    expect(first.headers.location).toBe(`${queue}/${place.id}`);
    expect(place).toMatchObject({ status: 'admitted', position: null, pass_expires_at: instant });

    const second = await world.call('POST', queue, { who: 'mary' });
    expect(second.headers['retry-after']).toBe('3');
    const waiting = second.json().place;
    expect(waiting).toEqual({
      ...{ id: expect.any(String), event_id, status: 'waiting', position: 1, ahead: 0, estimated_wait: 10 },
      ...{ retry_after: 3, paused: false, visitor: null, cart_id: null, draw: null },
      ...{ starts_at: instant, joined_at: instant, admitted_at: null, pass_expires_at: null },
    });
    const again = await world.call('POST', queue, { who: 'mary' });
    expect([again.statusCode, again.json().place.id]).toEqual([200, waiting.id]);
    const polled = await world.call('GET', `${queue}/${waiting.id}`, { who: 'mary' });
    expect([polled.statusCode, polled.headers['retry-after']]).toEqual([200, '3']);
    const etag = polled.headers.etag as string;
    const same = await world.call('GET', `${queue}/${waiting.id}`, {
      who: 'mary',
      headers: { 'if-none-match': etag },
    });
    expect([same.statusCode, same.headers['retry-after']]).toEqual([304, '3']);

    const bought = await world.call('POST', '/carts', { who: 'john', body: { items } });
    expect(bought.statusCode).toBe(201);
    const { id } = bought.json().cart;
    const shown = await world.call('GET', `${queue}/${place.id}`, { who: 'john' });
    expect(shown.json().place).toMatchObject({ status: 'admitted', cart_id: id });
    const summary = (await world.call('GET', `${queue}/summary`, { who: 'seller' })).json().queue;
    expect(summary).toEqual({
      ...{ event_id, status: 'running', waiting: 1, inside: 1, admitted: 1, used: 0, expired: 0, left: 0 },
      interfaces: [
        {
          ...{
            interface_id: world.accounts.interfaces.web,
            inflow: 6,
            max_inside: null,
            waiting: 1,
            inside: 1,
          },
          ...{ admitted: 1, used: 0, expired: 0, left: 0, last_minute: 1, estimated_wait: 20 },
        },
      ],
    });
    expect((await world.call('DELETE', `${queue}/${waiting.id}`, { who: 'mary' })).statusCode).toBe(204);
    const left = await world.call('GET', `${queue}/${waiting.id}`, { who: 'mary' });
    expect([left.json().place.status, left.headers['retry-after']]).toEqual(['left', undefined]);
  });

  it('gets the same place for the same Idempotency-Key, though nobody in particular queues', async () => {
    const queue = await gatedEvent(world);
    const once = () =>
      world.call('POST', queue, { who: 'buyer', body: {}, headers: { 'idempotency-key': `k ${queue}` } });
    const [first, second] = [await once(), await once()];
    expect(second.headers['idempotent-replayed']).toBe('true');
    expect([second.statusCode, second.json()]).toEqual([201, first.json()]);
    expect((await world.call('POST', queue, { who: 'buyer' })).json().place.id).not.toBe(
      first.json().place.id,
    );
  });
});

describe('an organiser', () => {
  const settings = (queue: string) => `${queue}/settings`;
  const put = (queue: string, body: object, headers = {}) =>
    world.call('PUT', settings(queue), { who: 'admin', body, headers });

  it('puts an event behind a gate, changes the inflow while it runs, and takes it away', async () => {
    const queue = await gatedEvent(world);
    expect((await world.call('DELETE', settings(queue), { who: 'admin' })).statusCode).toBe(204);
    for (const url of [queue, settings(queue), `${queue}/summary`])
      expect((await world.call('GET', url, { who: 'admin' })).statusCode).toBe(404);
    expect((await put(queue, { inflow: 5 })).json()).toMatchObject({
      errors: [{ pointer: '/starts_at', code: 'required' }],
    });

    const starts_at = '2036-05-01T10:00:00.000Z';
    const web = world.accounts.interfaces.web;
    const made = await put(queue, {
      starts_at,
      inflow: 60,
      interfaces: [{ interface_id: web, max_inside: 9 }],
    });
    expect(made.json().queue).toEqual({
      ...{
        event_id: Number(queue.split('/')[2]),
        status: 'pre_queue',
        opens_at: instant,
        starts_at,
        drawn_at: null,
      },
      ...{ seed_hash: hash, seed: null, inflow: 60, max_inside: null, pass_seconds: 600, paused: false },
      ...{
        interfaces: [{ interface_id: web, inflow: 60, max_inside: 9 }],
        created_at: instant,
        updated_at: instant,
      },
    });
    const { opens_at, seed_hash } = made.json().queue;
    expect((await world.call('GET', queue, { who: 'reader' })).json().queue).toEqual({
      ...{ event_id: Number(queue.split('/')[2]), status: 'pre_queue', opens_at, starts_at, drawn_at: null },
      ...{ seed_hash, seed: null },
    });
    const etag = (await world.call('GET', settings(queue), { who: 'admin' })).headers.etag as string;
    const changed = await put(queue, { inflow: 120, paused: true }, { 'if-match': etag });
    expect(changed.json().queue).toMatchObject({ inflow: 120, paused: true, opens_at, starts_at, seed_hash });
    expect((await put(queue, { inflow: 1 }, { 'if-match': etag })).statusCode).toBe(412);
    expect((await world.call('GET', '/audit_logs', { who: 'admin' })).json().audit_logs[0]).toMatchObject({
      ...{ action: 'event.queue_put', before: { inflow: 60 }, after: { inflow: 120, paused: true } },
    });
  });

  it('is told of times and interfaces that do not fit, all at once', async () => {
    const queue = await gatedEvent(world);
    const { web, pos } = world.accounts.interfaces;
    const faulty = await put(queue, {
      ...{ inflow: 1, opens_at: '2036-05-01T10:00:01Z', starts_at: '2036-05-01T10:00:00Z' },
      interfaces: [{ interface_id: web }, { interface_id: web }, { interface_id: pos }],
    });
    expect(faulty.statusCode).toBe(422);
    expect(faulty.json().errors.map(({ pointer, code }: Record<string, string>) => [pointer, code])).toEqual([
      ['/starts_at', 'invalid'],
      ['/interfaces/1/interface_id', 'duplicate'],
      ['/interfaces/2/interface_id', 'not_found'],
    ]);
  });
});
