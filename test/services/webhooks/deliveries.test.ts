import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { inTransaction } from '../../../src/db/transaction.ts';
import type { ChangeType } from '../../../src/schemas/changes.ts';
import { recordChanges } from '../../../src/services/changes.ts';
import { deliverDue, startCourier } from '../../../src/services/webhooks/courier.ts';
import { type ApiWorld, apiWorld, type Method } from '../../helpers/api-world.ts';
import { type Receiver, receiver, verify } from '../../helpers/receiver.ts';

let world: ApiWorld;
const receivers: Receiver[] = [];
let clock: Date;
let count = 0;

beforeAll(async () => {
  world = await apiWorld({ env: { WEBHOOK_PRIVATE_ADDRESSES: 'true' } });
  clock = new Date();
  await carry(); // what the world did to come about
});
afterAll(() => world.close());
beforeEach(() => {
  clock = new Date();
});
afterEach(async () => {
  await Promise.all(receivers.splice(0).map((each) => each.down()));
  await world.system.db.pool.query('DELETE FROM webhook_delivery');
  await world.system.db.pool.query('DELETE FROM webhook');
});

const MINUTE = 60_000;
const pass = (ms: number) => {
  clock = new Date(clock.getTime() + ms);
};
const admin = async (method: Method, url: string, body?: object) => {
  const answer = await world.call(method, url, { who: 'admin', body });
  expect(answer.statusCode, answer.body).toBeLessThan(300);
  return answer.body ? answer.json() : undefined;
};
async function endpoint(more: object = {}) {
  const made = await receiver();
  receivers.push(made);
  const { webhook } = await admin('POST', '/webhooks', { url: made.url, types: ['cart.paid'], ...more });
  return { receiver: made, id: webhook.id as string, secret: webhook.secret as string };
}
/** Changes, told by as many transactions; gives their ids. */
async function happen(
  n = 1,
  type: ChangeType = 'cart.paid',
  interface_id: number | null = world.accounts.interfaces.web,
) {
  const subjects = Array.from({ length: n }, () => `s${++count}`);
  for (const subject_id of subjects)
    await inTransaction(world.system.db, (tx) =>
      recordChanges(tx, [
        {
          ...{ company_id: world.accounts.company_id, type, interface_id, event_id: null },
          ...{ subject_id, data: { subject_id } },
        },
      ]),
    );
  const { rows } = await world.system.db.pool.query(
    'SELECT id FROM change WHERE subject_id = ANY($1) ORDER BY sequence',
    [subjects],
  );
  return rows.map(({ id }) => id as string);
}
/** What is due is delivered, once all that has happened has its number. */
async function carry(): Promise<void> {
  const behind = `SELECT 1 FROM change c LEFT JOIN feed f USING (company_id)
     WHERE f.company_id IS NULL OR (c.xid, c.sequence) > (f.xid, f.ordinal)`;
  do await deliverDue(world.system, () => clock);
  while ((await world.system.db.pool.query(behind)).rowCount);
}
const ids = ({ received }: Receiver) => received.map(({ id }) => id);
const deliveries = async (id: string, query = '') =>
  (await admin('GET', `/webhooks/${id}/deliveries?per_page=100${query}`)).deliveries;

test('a sale reaches the receivers that want it, signed as Standard Webhooks says, as the feed tells it', async () => {
  const all = await endpoint({ types: [] });
  const tickets = await endpoint({ types: ['ticket.*'] });
  const elsewhere = await endpoint({ types: [], interface_id: world.accounts.interfaces.pos });
  const { id: cart_id, ticket } = await world.paid('seller');
  await carry();
  expect(all.receiver.received.map(({ type }) => type)).toEqual(['cart.paid', 'ticket.issued']);
  expect(tickets.receiver.received.map(({ type }) => type)).toEqual(['ticket.issued']);
  expect(elsewhere.receiver.received).toEqual([]);
  const [paid, issued] = all.receiver.received;
  const { changes } = await admin('GET', `/changes?since=${(paid?.sequence ?? 0) - 1}`);
  for (const [i, message] of [paid, issued].entries()) {
    expect(message?.headers['webhook-id']).toBe(message?.id);
    if (message) expect(verify(all.secret, message)).toEqual(changes[i]);
    expect(() => message && verify(tickets.secret, message)).toThrow();
  }
  expect(changes[0]).toMatchObject({
    type: 'cart.paid',
    subject_id: cart_id,
    data: { cart_id, ticket_ids: [ticket] },
  });
  expect((await deliveries(all.id)).map((d: { status: string }) => d.status)).toEqual([
    'delivered',
    'delivered',
  ]);
});

test('a receiver that is down for an hour misses nothing and sees nothing twice', async () => {
  const { receiver: shop, id } = await endpoint();
  const other = await endpoint();
  const before = await happen(3);
  await carry();
  await shop.down();
  const meanwhile: string[] = [];
  for (let minute = 0; minute < 60; minute++) {
    if (minute % 6 === 0) meanwhile.push(...(await happen(2)));
    await carry();
    pass(MINUTE);
  }
  expect(ids(shop)).toEqual(before);
  expect(ids(other.receiver)).toEqual([...before, ...meanwhile]); // the others wait for nobody
  expect((await admin('GET', `/webhooks/${id}`)).webhook).toMatchObject({
    active: true,
    failing_since: expect.any(String),
  });
  await shop.up();
  const after = await happen(2);
  await carry();
  expect(ids(shop).sort()).toEqual([...before, ...meanwhile, ...after].sort());
  expect(new Set(ids(shop)).size).toBe(ids(shop).length);
  expect((await admin('GET', `/webhooks/${id}`)).webhook).toMatchObject({
    active: true,
    failing_since: null,
  });
  const told = await deliveries(id);
  expect(
    told.every((d: { status: string; error: null }) => d.status === 'delivered' && d.error === null),
  ).toBe(true);
  expect(Math.max(...told.map((d: { attempts: number }) => d.attempts))).toBeGreaterThan(3);
  expect(Math.max(...told.map((d: { attempts: number }) => d.attempts))).toBeLessThan(12); // knocked at, not hammered
});

test('waits grow for three days, then the receiver is given up, which is told; made active, it goes on', async () => {
  const watcher = await endpoint({ types: ['webhook.disabled'] });
  const { receiver: dead, id } = await endpoint();
  dead.answer = (response) => response.writeHead(500).end('out of order');
  const [change] = await happen();
  const times: number[] = [];
  const start = clock.getTime();
  while (clock.getTime() - start < 74 * 60 * MINUTE) {
    const calls = dead.calls;
    await carry();
    if (dead.calls > calls) times.push(clock.getTime() - start);
    const [delivery] = await deliveries(id);
    if (!delivery.next_attempt_at) break;
    clock = new Date(delivery.next_attempt_at);
  }
  const waits = times.slice(1).map((time, i) => time - (times[i] as number));
  expect(waits.slice(0, 10)).toEqual([...waits.slice(0, 10)].sort((a, b) => a - b));
  expect(times.length).toBeGreaterThan(15);
  expect(times.at(-1)).toBe(72 * 60 * MINUTE);
  const { webhook } = await admin('GET', `/webhooks/${id}`);
  expect(webhook).toMatchObject({ active: false, disabled_at: clock.toISOString() });
  expect(webhook.disabled_reason).toBe('Nothing got through for three days; last: answered 500.');
  expect(await deliveries(id)).toMatchObject([
    { status: 'failed', response_status: 500, next_attempt_at: null },
  ]);
  await carry();
  expect(watcher.receiver.received).toMatchObject([{ type: 'webhook.disabled', subject_id: id }]);
  const { rows } = await world.system.db.pool.query(
    "SELECT client_id, before, after FROM audit_log WHERE action = 'webhook.disable' AND subject_id = $1",
    [id],
  );
  expect(rows).toMatchObject([{ client_id: 'system', before: { active: true }, after: { active: false } }]);

  const missed = await happen(2); // nobody takes them: it is not active
  await carry();
  expect((await world.call('POST', `/webhooks/${id}/redeliver`, { who: 'admin' })).statusCode).toBe(409);
  dead.answer = (response) => response.writeHead(200).end();
  await admin('PATCH', `/webhooks/${id}`, { active: true });
  const [failed] = await deliveries(id);
  const { redelivery } = await admin('POST', `/webhooks/${id}/redeliver`, { since: failed.sequence - 1 });
  expect(redelivery).toEqual({ webhook_id: id, deliveries: 3 });
  clock = new Date();
  await carry();
  expect(ids(dead).sort()).toEqual([change, ...missed].sort());
});

test('410 Gone ends it at once; a redirect is not followed; slow answers and huge ones are cut off', async () => {
  const gone = await endpoint();
  const moved = await endpoint();
  const huge = await endpoint();
  gone.receiver.answer = (response) => response.writeHead(410).end();
  moved.receiver.answer = (response) => response.writeHead(302, { location: huge.receiver.url }).end();
  huge.receiver.answer = (response) => response.writeHead(200).end(Buffer.alloc(5_000_000));
  await happen();
  await carry();
  expect((await admin('GET', `/webhooks/${gone.id}`)).webhook).toMatchObject({
    ...{ active: false, disabled_reason: 'It answered 410 Gone.' },
  });
  expect(await deliveries(moved.id)).toMatchObject([
    { status: 'pending', response_status: 302, error: 'answered 302' },
  ]);
  expect(await deliveries(huge.id)).toMatchObject([{ status: 'delivered', response_status: 200 }]);
  expect(huge.receiver.calls).toBe(1);
});

test('during a rotation both secrets verify, after it the new one alone', async () => {
  const { receiver: shop, id, secret } = await endpoint();
  const { webhook } = await admin('POST', `/webhooks/${id}/rotate_secret`, { overlap_seconds: 3_600 });
  expect(webhook.secret).toMatch(/^whsec_/);
  expect(webhook.secret).not.toBe(secret);
  await happen();
  await carry();
  const [first] = shop.received;
  if (first) for (const each of [secret, webhook.secret]) verify(each, first);
  await world.system.db.pool.query(`UPDATE webhook SET old_secret_expires_at = now() - interval '1 second'`);
  await happen();
  await carry();
  const [, second] = shop.received;
  if (second) verify(webhook.secret, second);
  expect(() => second && verify(secret, second)).toThrow();
  expect(shop.received).toHaveLength(2);
});

test('one delivery is sent again under its id, whatever became of it', async () => {
  const { receiver: shop, id } = await endpoint();
  const [change] = await happen();
  await carry();
  const [delivery] = await deliveries(id);
  expect(delivery).toMatchObject({
    change_id: change,
    status: 'delivered',
    attempts: 1,
    response_status: 204,
  });
  await admin('POST', `/webhooks/${id}/deliveries/${delivery.id}/redeliver`);
  clock = new Date();
  await carry();
  expect(ids(shop)).toEqual([change, change]);
  expect(await deliveries(id, '&status=failed')).toEqual([]);
  expect(await deliveries(id, '&type=cart.*')).toHaveLength(1);
  const other = await endpoint();
  const wrong = await world.call('POST', `/webhooks/${other.id}/deliveries/${delivery.id}/redeliver`, {
    who: 'admin',
  });
  expect(wrong.statusCode).toBe(404);
});

test('several couriers share the work: nothing twice, few calls at a time, the slow keep nobody waiting', async () => {
  const slow = await endpoint();
  const quick = await endpoint();
  slow.receiver.answer = (response) => setTimeout(() => response.writeHead(200).end(), 300);
  const couriers = [startCourier(world.system), startCourier(world.system)];
  const told = await happen(60);
  await expect.poll(() => quick.receiver.received.length, { timeout: 8_000 }).toBe(60);
  expect(slow.receiver.received.length).toBeLessThan(60);
  await expect.poll(() => slow.receiver.received.length, { timeout: 10_000 }).toBe(60);
  await Promise.all(couriers.map((courier) => courier.stop()));
  for (const { receiver } of [slow, quick]) {
    expect(ids(receiver).sort()).toEqual([...told].sort());
    expect(receiver.most).toBeLessThanOrEqual(8); // four for each process
  }
});

test('an attempt that died with its process is made again after its lease', async () => {
  const { receiver: shop, id } = await endpoint();
  const [change] = await happen();
  await carry();
  await world.system.db.pool.query(
    `UPDATE webhook_delivery SET status = 'pending', next_attempt_at = $1, delivered_at = NULL`,
    [new Date(clock.getTime() + MINUTE)],
  );
  await carry();
  expect(shop.calls).toBe(1);
  pass(MINUTE);
  await carry();
  expect(ids(shop)).toEqual([change, change]);
  expect(await deliveries(id)).toMatchObject([{ status: 'delivered', attempts: 2 }]);
});
