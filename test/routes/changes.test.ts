import { afterAll, beforeAll, expect, test } from 'vitest';
import { inTransaction } from '../../src/db/transaction.ts';
import type { ChangeType } from '../../src/schemas/changes.ts';
import { recordChanges } from '../../src/services/changes.ts';
import { sequenceChanges } from '../../src/services/feed/sequence.ts';
import { type ApiWorld, apiWorld, type Who } from '../helpers/api-world.ts';

interface Told {
  id: string;
  sequence: number;
  type: string;
  subject_id: string;
}

let world: ApiWorld;
beforeAll(async () => {
  world = await apiWorld();
});
afterAll(() => world.close());

const read = async (query: string, who: Who = 'admin') => {
  const answer = await world.call('GET', `/changes${query}`, { who });
  expect(answer.statusCode, answer.body).toBe(200);
  const next = new URL(/<(.+)>; rel="next"/.exec(String(answer.headers.link))?.[1] ?? '').searchParams;
  return { changes: answer.json().changes as Told[], next: Number(next.get('since')) };
};
const refused = async (query: string, who: Who = 'admin') => {
  const { statusCode, body } = await world.call('GET', `/changes${query}`, { who });
  return { status: statusCode, ...JSON.parse(body) };
};
const tell = (
  subject_id: string,
  more: { type?: ChangeType; interface_id?: number | null; event_id?: number; company_id?: number } = {},
) =>
  inTransaction(world.system.db, (tx) =>
    recordChanges(tx, [
      {
        ...{ company_id: world.accounts.company_id, type: 'cart.paid' as const, event_id: null },
        ...{ interface_id: world.accounts.interfaces.web, subject_id, data: { subject_id }, ...more },
      },
    ]),
  );
/** Reads on until something has come of it: other transactions of the test server may hold it back. */
const readOn = async (since: number, n: number, filter = '', who: Who = 'admin') => {
  let changes: Told[] = [];
  await expect
    .poll(async () => {
      ({ changes } = await read(`?since=${since}${filter}`, who));
      return changes.length;
    })
    .toBeGreaterThanOrEqual(n);
  return changes;
};
const subjects = (changes: Told[]) => changes.map(({ subject_id }) => subject_id);
/** Where the feed is, with all that has happened so far in it. */
const now = async () => {
  await tell('mark');
  for (;;) {
    const { changes, next } = await read('?limit=1000');
    if (changes.at(-1)?.subject_id === 'mark') return next;
  }
};

test('a sale is told, whole', async () => {
  const since = await now();
  const { id, line, ticket } = await world.paid('seller');
  const [paid, issued] = await readOn(since, 2);
  const where = { interface_id: world.accounts.interfaces.web, event_id: world.event_id };
  expect(paid).toEqual({
    ...{
      id: expect.any(String),
      sequence: since + 1,
      type: 'cart.paid',
      timestamp: expect.stringMatching(/\.\d{3}Z$/),
    },
    ...{ ...where, subject_id: id },
    data: { cart_id: id, total: expect.any(Number), currency: 'EUR', ticket_ids: [ticket] },
  });
  expect(issued).toMatchObject({
    ...{ sequence: since + 2, type: 'ticket.issued', ...where, subject_id: ticket },
    data: { ticket_id: ticket, cart_id: id, sale_detail_id: line, event_id: world.event_id },
  });
});

test('types, families, interfaces and companies are kept apart', async () => {
  const since = await now();
  const { web, pos } = world.accounts.interfaces;
  await tell('web');
  await tell('pos', { interface_id: pos, type: 'cart.expired' });
  await tell('own event', { interface_id: null, event_id: world.event_id, type: 'event.updated' });
  await tell('other event', {
    interface_id: null,
    event_id: world.elsewhere.event_id,
    type: 'event.updated',
  });
  await tell('rival', { company_id: world.rival.company_id, interface_id: world.rival.interfaces.web });
  const of = async (filter: string, who?: Who) =>
    subjects((await read(`?since=${since}${filter}`, who)).changes);
  await readOn(since, 4);
  expect(await of('')).toEqual(['web', 'pos', 'own event', 'other event']);
  expect(await of('&types=cart.*')).toEqual(['web', 'pos']);
  expect(await of('&types=cart.expired,event.updated')).toEqual(['pos', 'own event', 'other event']);
  expect(await of(`&interface_id=${pos}`)).toEqual(['pos', 'other event']);
  expect(await of('', 'seller')).toEqual(['web', 'own event']);
  expect(await of('', 'pos')).toEqual(['pos', 'other event']);
  expect(subjects(await readOn(0, 1, '', 'rival'))).toContain('rival');
  expect(await refused(`?interface_id=${pos}`, 'seller')).toMatchObject({
    status: 422,
    code: 'validation_failed',
  });
  expect(await of(`&interface_id=${web}`, 'seller')).toEqual(['web', 'own event']);
});

test('Link goes on behind what a filter leaves out; limits hold', async () => {
  const since = await now();
  for (let i = 0; i < 5; i++) await tell(`n${i}`);
  await readOn(since, 5);
  const first = await read(`?since=${since}&limit=2`);
  expect(subjects(first.changes)).toEqual(['n0', 'n1']);
  expect(first.next).toBe(since + 2);
  expect(await read(`?since=${since}&types=ticket.voided`)).toEqual({ changes: [], next: since + 5 });
});

test('numbers that the feed has not given, and those it has forgotten, are refused', async () => {
  const latest = await now();
  expect(await refused(`?since=${latest + 1}`)).toMatchObject({
    ...{ status: 422, code: 'validation_failed', errors: [{ pointer: '/query/since' }] },
  });
  for (const query of [
    '?since=-1',
    '?since=x',
    '?limit=0',
    '?limit=1001',
    '?types=',
    '?types=cart',
    '?types=cart.payed',
    '?wait=31',
  ])
    expect(await refused(query)).toMatchObject({ status: 422, code: 'validation_failed' });
  await world.system.db.pool.query('DELETE FROM feed_entry WHERE company_id = $1 AND sequence <= 3', [
    world.accounts.company_id,
  ]);
  expect(await refused('?since=2')).toMatchObject({ status: 409, code: 'conflict', oldest_sequence: 3 });
  expect((await read('?limit=1')).changes[0]?.sequence).toBe(4);
  expect((await read('?since=3&limit=1')).changes[0]?.sequence).toBe(4);
});

test('a long poll answers as soon as something happens, or with nothing at its end', async () => {
  const since = await now();
  const began = performance.now();
  const waiting = read(`?since=${since}&wait=10&types=cart.paid`);
  setTimeout(() => tell('ignored', { type: 'cart.expired' }), 100);
  setTimeout(() => tell('awaited'), 400);
  const { changes, next } = await waiting;
  expect(subjects(changes)).toEqual(['awaited']);
  expect(next).toBe(since + 2);
  expect(performance.now() - began).toBeLessThan(6_000);
  expect(await read(`?since=${next}&wait=1`)).toEqual({ changes: [], next });
});

test('a stream tells what happened since the last event, then what happens, and ends in time', async () => {
  const since = await now();
  await tell('before');
  await readOn(since, 1);
  const streamed = world.call('GET', '/changes/stream?seconds=2&types=cart.*', {
    ...{ who: 'admin', headers: { 'last-event-id': String(since) } },
  });
  setTimeout(() => tell('during'), 300);
  const answer = await streamed;
  expect(answer.headers['content-type']).toBe('text/event-stream');
  const events = [...answer.body.matchAll(/id: (\d+)\nevent: change\ndata: (.+)\n\n/g)].map(
    ([, id, data]) => ({
      id: Number(id),
      change: JSON.parse(data as string).change as Told,
    }),
  );
  expect(events.map(({ id, change }) => [id - since, change.sequence - since, change.subject_id])).toEqual([
    [1, 1, 'before'],
    [2, 2, 'during'],
  ]);
  const { changes } = await read(`?since=${since}`);
  expect(changes).toEqual(events.map(({ change }) => change));
  await sequenceChanges(world.system);
  expect(world.system.feed.streams).toBe(0);
});
