import { createHash, createHmac, randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { statement } from '../../src/db/client.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import { UNKEPT } from '../../src/hooks/idempotency.ts';
import { purgeIdempotencyKeys } from '../../src/services/idempotency.ts';
import { type TestApp, testApp } from '../helpers/app.ts';
import { accessToken, makeUser } from '../helpers/factories.ts';
import { levers, thingRoutes, thingsCalled } from './things.ts';

const lever = levers();
let test: TestApp;
let web: string;

beforeAll(async () => {
  test = await testApp({ routes: thingRoutes(lever) });
  web = await accessToken(test.system, { client: test.accounts.clients.web });
});
afterAll(() => test.close());
afterEach(() => {
  lever.hold = Promise.resolve();
});

const send = (
  method: 'POST' | 'PATCH' | 'DELETE' | 'GET',
  url: string,
  {
    key,
    name,
    token = web,
    headers = {},
  }: { key?: string; name?: string; token?: string; headers?: object } = {},
) =>
  test.app.inject({
    method,
    url,
    headers: {
      authorization: `Bearer ${token}`,
      ...(key !== undefined && { 'idempotency-key': key }),
      ...headers,
    },
    ...(name !== undefined && { payload: { name } }),
  });

const post = (key: string, name: string, more = {}) => send('POST', '/things', { key, name, ...more });
const count = (name: string) =>
  thingsCalled({ system: test.system, company_id: test.accounts.company_id }, name);

/** Keys that a transaction under way holds. */
const claimed = async () => {
  const locks = statement(
    'test_claimed',
    `SELECT count(*) AS keys FROM pg_locks l JOIN pg_database d ON d.oid = l.database
     WHERE l.locktype = 'advisory' AND d.datname = current_database()`,
  );
  return (await test.system.db.query<{ keys: number }>(locks))[0]?.keys;
};

/** Makes a stored key look older than it is. */
const age = (key: string, interval: string) =>
  test.system.db.query(
    statement('test_age', 'UPDATE idempotency_key SET created_at = now() - $2::interval WHERE key = $1'),
    [`:${key}`, interval],
  );

describe('a repetition', () => {
  it('is answered as the first was, in full, without doing it again', async () => {
    const first = await post('a', 'Once');
    const second = await post('a', 'Once');
    expect(first.statusCode).toBe(201);
    expect(first.headers['idempotent-replayed']).toBeUndefined();
    expect(second.headers['idempotent-replayed']).toBe('true');
    expect([second.statusCode, second.body]).toEqual([201, first.body]);
    expect(second.headers.location).toBe(first.headers.location);
    expect(second.headers['x-request-id']).not.toBe(first.headers['x-request-id']);
    expect(await count('Once')).toBe(1);
  });

  it('may be spelled differently, as long as it says the same', async () => {
    const headers = { 'content-type': 'application/json' };
    const inject = (payload: string) =>
      test.app.inject({
        method: 'POST',
        url: '/things',
        headers: { ...headers, authorization: `Bearer ${web}`, 'idempotency-key': 'b' },
        payload,
      });
    const first = await inject('{"name":"Spelling","note":"x"}');
    const second = await inject(' { "note" : "x", "name" : " Spelling " } ');
    expect(second.body).toBe(first.body);
    expect(second.headers['idempotent-replayed']).toBe('true');
  });

  it('of a deletion is 204 again', async () => {
    const handled = lever.handled;
    expect((await send('DELETE', '/things/7', { key: 'c' })).statusCode).toBe(204);
    const again = await send('DELETE', '/things/7', { key: 'c' });
    expect([again.statusCode, again.body, again.headers['idempotent-replayed']]).toEqual([204, '', 'true']);
    expect(lever.handled).toBe(handled + 1);
  });

  it('of several objects made together has them all', async () => {
    const first = await send('POST', '/things/many', { key: 'd', name: 'Many' });
    const second = await send('POST', '/things/many', { key: 'd', name: 'Many' });
    expect(first.json().things).toHaveLength(2);
    expect([second.statusCode, second.body]).toEqual([201, first.body]);
  });

  it('a hundred times at once does it once', async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, () => post('e', 'Crowd')));
    const statuses = new Set(answers.map(({ statusCode }) => statusCode));
    expect(await count('Crowd')).toBe(1);
    expect([...statuses].every((status) => status === 201 || status === 409)).toBe(true);
    for (const answer of answers) {
      if (answer.statusCode === 409) expect(answer.json().code).toBe('idempotency_in_progress');
    }
    expect((await post('e', 'Crowd')).statusCode).toBe(201);
  });

  it('after a refusal tries again', async () => {
    const refused = await send('PATCH', '/things/2147483647', { key: 'f', name: 'Nobody' });
    expect(refused.statusCode).toBe(404);
    const again = await send('PATCH', '/things/2147483647', { key: 'f', name: 'Nobody' });
    expect(again.statusCode).toBe(404);
    expect(again.headers['idempotent-replayed']).toBeUndefined();
  });

  it('while the first still runs is told so', async () => {
    let release = () => {};
    lever.hold = new Promise<void>((resolve) => {
      release = resolve;
    });
    const first = post('g', 'Slow').then((answer) => answer); // inject sends nothing before somebody waits for it
    await expect.poll(claimed).toBe(1);
    const meanwhile = await post('g', 'Slow');
    expect(meanwhile.json()).toMatchObject({ code: 'idempotency_in_progress', status: 409 });
    expect(meanwhile.headers['retry-after']).toBe('1');
    release();
    expect((await first).statusCode).toBe(201);
    expect((await post('g', 'Slow')).headers['idempotent-replayed']).toBe('true');
  });
});

describe('another request with a used key', () => {
  it.each([
    ['another body', () => post('h', 'Other')],
    ['another address', () => send('POST', '/things/many', { key: 'h', name: 'First' })],
    ['another method', () => send('PATCH', '/things/1', { key: 'h', name: 'First' })],
  ])('is refused: %s', async (_what, other) => {
    await post('h', 'First');
    expect((await other()).json()).toMatchObject({ status: 422, code: 'idempotency_key_reused' });
  });

  it('is refused in another interface', async () => {
    const admin = await accessToken(test.system, { client: test.accounts.clients.admin });
    const headers = (id: number) => ({ 'x-interface': String(id) });
    const { web, pos } = test.accounts.interfaces;
    expect((await post('i', 'Here', { token: admin, headers: headers(web) })).statusCode).toBe(201);
    const there = await post('i', 'Here', { token: admin, headers: headers(pos) });
    expect(there.json().code).toBe('idempotency_key_reused');
  });
});

describe('keys', () => {
  it('of different clients and users have nothing to do with each other', async () => {
    const { admin, web: client } = test.accounts.clients;
    const other = await inTransaction(test.system.db, (tx) =>
      makeUser(tx, test.accounts.company_id, 'jane@mail.com'),
    );
    const tokens = [
      web,
      await accessToken(test.system, { client: admin }),
      await accessToken(test.system, { client, user: test.accounts.user }),
      await accessToken(test.system, { client, user: other }),
    ];
    const names = tokens.map((_, i) => `Of ${i}`);
    const answers = await Promise.all(tokens.map((token, i) => post('shared', `Of ${i}`, { token })));
    expect(answers.map((answer) => answer.json().thing.name)).toEqual(names);
    const again = await Promise.all(tokens.map((token, i) => post('shared', `Of ${i}`, { token })));
    expect(again.map(({ body }) => body)).toEqual(answers.map(({ body }) => body));
  });

  it.each([
    ['empty', ''],
    ['too long', 'x'.repeat(256)],
    ['with a letter beyond ASCII', 'ñandú'],
  ])('that are %s are refused', async (_what, key) => {
    const refused = await post(key, 'Bad key');
    expect(refused.json()).toMatchObject({
      status: 422,
      code: 'validation_failed',
      errors: [{ pointer: '/headers/idempotency-key' }],
    });
    expect(await count('Bad key')).toBe(0);
  });

  it('of 255 characters are taken', async () => {
    expect((await post('k'.repeat(255), 'Long key')).statusCode).toBe(201);
  });

  it('mean nothing on reads', async () => {
    const read = await send('GET', '/things/1', { key: 'read' });
    expect(read.statusCode).toBe(200);
    expect((await send('GET', '/things/2', { key: 'read' })).statusCode).toBe(200);
  });

  it('are forgotten after 24 hours', async () => {
    const first = await post('day', 'Yesterday');
    await age('day', '23 hours 59 minutes');
    expect((await post('day', 'Yesterday')).body).toBe(first.body);
    await age('day', '24 hours');
    const today = await post('day', 'Today');
    expect(today.statusCode).toBe(201);
    expect(today.headers['idempotent-replayed']).toBeUndefined();
    expect((await post('day', 'Today')).body).toBe(today.body);
  });

  it('keep no digest of the body that could be tried out: it is keyed with a secret of the server', async () => {
    await post('secret', 'Password');
    const { rows } = await test.system.db.pool.query(
      "SELECT fingerprint FROM idempotency_key WHERE key = ':secret'",
    );
    const text = `POST /things ${test.accounts.interfaces.web}\n${JSON.stringify({ name: 'Password' })}`;
    expect(rows[0].fingerprint).not.toEqual(createHash('sha256').update(text).digest());
    const secret = await test.system.db.pool.query(
      "SELECT secret FROM server_secret WHERE purpose = 'idempotency'",
    );
    expect(rows[0].fingerprint).toEqual(createHmac('sha256', secret.rows[0].secret).update(text).digest());
  });

  it('are purged after 24 hours, and not before', async () => {
    const key = randomUUID();
    await post(key, `Kept ${key}`);
    await post(`${key}-old`, `Old ${key}`);
    await age(`${key}-old`, '25 hours');
    expect(await purgeIdempotencyKeys(test.system.db)).toBe(1);
    expect(await purgeIdempotencyKeys(test.system.db)).toBe(0);
    expect((await post(key, `Kept ${key}`)).headers['idempotent-replayed']).toBe('true');
  });
});

describe('a use case of two transactions', () => {
  const inTwo = (key: string, name: string) => send('POST', '/things/in_two', { key, name });

  it('answers repetitions with its end', async () => {
    const first = await inTwo('two', 'Two');
    const second = await inTwo('two', 'Two');
    expect(first.json().thing.name).toBe('Two done');
    expect([second.statusCode, second.body, second.headers['idempotent-replayed']]).toEqual([
      201,
      first.body,
      'true',
    ]);
    expect(await count('Two%')).toBe(1);
  });

  it('repeats a refusal that came with an effect', async () => {
    const first = await inTwo('declined', 'declined');
    const second = await inTwo('declined', 'declined');
    expect(first.json()).toMatchObject({
      status: 402,
      code: 'payment_declined',
      reason: 'funds',
      detail: 'No.',
    });
    expect(second.json()).toEqual({ ...first.json(), request_id: second.headers['x-request-id'] });
    expect(second.headers['idempotent-replayed']).toBe('true');
    expect(await count('declined%')).toBe(1);
  });

  it('that died in between locks its key for a minute, not for a day', async () => {
    lever.hold = Promise.reject(new Error('the process died here'));
    lever.hold.catch(() => {});
    expect((await inTwo('died', 'Died')).statusCode).toBe(500);
    lever.hold = Promise.resolve();
    await age('died', '59 seconds');
    expect((await inTwo('died', 'Died again')).json().code).toBe('idempotency_key_reused');
    expect((await inTwo('died', 'Died')).json().code).toBe('idempotency_in_progress');
    await age('died', '60 seconds');
    const other = await inTwo('died', 'Died again');
    expect(other.json().thing.name).toBe('Died again done');
    expect((await inTwo('died', 'Died again')).body).toBe(other.body);
  });
});

describe('a use case that forgets its key', () => {
  it('is reported as our mistake', async () => {
    const answer = await send('POST', '/things/forgetful', { key: 'forgotten', name: 'Forgotten' });
    expect(answer.statusCode).toBe(201);
    const reports = test.errors.filter(({ msg }) => msg === UNKEPT);
    expect(reports).toEqual([expect.objectContaining({ operation: 'forgetThing' })]);
    test.errors.splice(0); // seen
  });
});
