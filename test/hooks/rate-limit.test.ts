import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { statement } from '../../src/db/client.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import { authChanged, bumpAuthRevision } from '../../src/services/oauth/revision.ts';
import { type TestApp, testApp } from '../helpers/app.ts';
import { accessToken } from '../helpers/factories.ts';
import { freePort, redisInstalled, startRedis, stopRedis } from '../services/rate-limit/redis-server.ts';
import { levers, thingRoutes } from './things.ts';

const LIMIT = statement('test_limit', 'UPDATE client SET rate_limit = $2 WHERE id = $1');
const HOUR = 3_600;

let test: TestApp;

const now = () => Date.now() / 1_000;

/** Requests of one new token. */
async function caller(client = test.accounts.clients.web, scopes = client.scopes) {
  const authorization = `Bearer ${await accessToken(test.system, { client, scopes })}`;
  return (url = '/things/1', headers = {}) =>
    test.app.inject({ url, headers: { authorization, ...headers } });
}

const limitsOf = ({ headers }: { headers: Record<string, unknown> }) =>
  ['ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset'].map((name) => Number(headers[name]));

describe('in memory', () => {
  beforeAll(async () => {
    test = await testApp({ env: { RATE_LIMIT: '4', RATE_LIMIT_IP: '6' }, routes: thingRoutes(levers()) });
  });
  afterAll(() => test.close());

  it('each request of a token is counted for an hour and told', async () => {
    const call = await caller();
    const answers = [await call(), await call(), await call(), await call()];
    expect(answers.map((answer) => limitsOf(answer).slice(0, 2))).toEqual([
      [4, 3],
      [4, 2],
      [4, 1],
      [4, 0],
    ]);
    const [reset, ...others] = answers.map((answer) => limitsOf(answer)[2] as number);
    expect(reset).toBeGreaterThan(now() + HOUR - 10);
    expect(reset).toBeLessThanOrEqual(Math.ceil(now() + HOUR));
    expect(new Set(others)).toEqual(new Set([reset])); // the oldest request's, whichever asks
  });

  it('the request after the last is refused, with the headers, and not counted', async () => {
    const call = await caller();
    for (let i = 0; i < 4; i += 1) await call();
    for (let i = 0; i < 3; i += 1) {
      const refused = await call();
      expect(refused.statusCode).toBe(429);
      expect(limitsOf(refused).slice(0, 2)).toEqual([4, 0]);
      const retryAfter = Number(refused.headers['retry-after']);
      expect(Math.abs(now() + retryAfter - (limitsOf(refused)[2] as number))).toBeLessThan(3);
      expect(refused.json()).toMatchObject({ code: 'rate_limited', retry_after: retryAfter });
    }
  });

  it('tokens are counted apart, also those of one client', async () => {
    const [one, other] = [await caller(), await caller()];
    for (let i = 0; i < 5; i += 1) await one();
    expect((await one()).statusCode).toBe(429);
    expect(limitsOf(await other())).toEqual([4, 3, expect.any(Number)]);
  });

  it('the headers are on refusals and 304s too', async () => {
    const call = await caller();
    const { etag } = (await call()).headers;
    const same = await call('/things/1', { 'if-none-match': etag });
    const hidden = await call('/managed');
    const unknown = await call('/things/x');
    expect([same.statusCode, hidden.statusCode, unknown.statusCode]).toEqual([304, 403, 404]);
    expect([same, hidden, unknown].map((answer) => limitsOf(answer)[1])).toEqual([2, 1, 0]);
  });

  it('a client may have a limit of its own', async () => {
    await inTransaction(test.system.db, async (tx) => {
      await tx.execute(LIMIT, [test.accounts.clients.pos.id, 2]);
      await bumpAuthRevision(tx);
    });
    await authChanged(test.system);
    const call = await caller(test.accounts.clients.pos);
    expect(limitsOf(await call()).slice(0, 2)).toEqual([2, 1]);
    await call();
    expect((await call()).statusCode).toBe(429);
  });

  it('there is no other header of the kind', async () => {
    const call = await caller();
    const names = Object.keys((await call()).headers).filter((name) => /rate-?limit/i.test(name));
    expect(names.sort()).toEqual(['ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset']);
  });

  it('requests without a token are counted by address', async () => {
    const from = (remoteAddress: string) => test.app.inject({ url: '/open', remoteAddress });
    for (let i = 5; i >= 0; i -= 1) expect(limitsOf(await from('10.0.0.1')).slice(0, 2)).toEqual([6, i]);
    expect((await from('10.0.0.1')).statusCode).toBe(429);
    expect((await from('10.0.0.2')).statusCode).toBe(200);
    for (let i = 0; i < 6; i += 1) await from(`2001:db8::${i + 1}`);
    expect((await from('2001:db8::ff')).statusCode).toBe(429); // one network of IPv6 is one caller
    expect((await from('2001:db8:0:1::1')).statusCode).toBe(200);
  });

  it('unknown addresses count as well', async () => {
    const from = () => test.app.inject({ url: '/nowhere', remoteAddress: '10.0.0.3' });
    for (let i = 0; i < 6; i += 1) expect((await from()).statusCode).toBe(404);
    expect((await from()).statusCode).toBe(429);
  });

  it('requests without a good token are counted by address, apart from those that sign in there', async () => {
    const from = (remoteAddress: string, token?: string) =>
      test.app.inject({
        ...{ url: '/things/1', remoteAddress },
        headers: token === undefined ? {} : { authorization: token },
      });
    const forged = ['Bearer x.y.z', 'Bearer a', 'Basic abc', 'Bearer x.y.w', undefined, 'Bearer b'];
    for (const token of forged) expect((await from('10.0.0.5', token)).statusCode).toBe(401);
    const refused = await from('10.0.0.5', 'Bearer c');
    expect(refused.statusCode).toBe(429);
    expect(refused.json().code).toBe('rate_limited');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(HOUR - 10);
    expect((await from('10.0.0.6', 'Bearer c')).statusCode).toBe(401);
    const good = await accessToken(test.system, { client: test.accounts.clients.web });
    expect((await from('10.0.0.5', `Bearer ${good}`)).statusCode).toBe(200);
    expect((await test.app.inject({ url: '/open', remoteAddress: '10.0.0.5' })).statusCode).toBe(200);
  });

  it('confirmations of payment providers are never turned away', async () => {
    for (let i = 0; i < 10; i += 1) {
      const { statusCode } = await test.app.inject({
        ...{ method: 'POST', url: '/payments/webhooks/sandbox', remoteAddress: '10.0.0.7', payload: {} },
      });
      expect(statusCode).toBe(401); // no signature
    }
  });

  it('those who watch the server are never refused', async () => {
    for (const url of ['/health/live', '/health/ready', '/metrics']) {
      for (let i = 0; i < 8; i += 1) {
        const { statusCode, headers } = await test.app.inject({ url, remoteAddress: '10.0.0.4' });
        expect([statusCode, headers['ratelimit-limit']]).toEqual([200, undefined]);
      }
    }
  });
});

describe.runIf(redisInstalled)('in Redis', () => {
  let redis: Awaited<ReturnType<typeof startRedis>>;
  let port: number;

  beforeAll(async () => {
    port = await freePort();
    redis = await startRedis(port);
    const env = { RATE_LIMIT: '4', RATE_LIMIT_IP: '6', REDIS_URL: `redis://127.0.0.1:${port}` };
    test = await testApp({ env, routes: thingRoutes(levers()) });
  });
  afterAll(async () => {
    await test.close();
    await stopRedis(redis);
  });

  it('tells and refuses the same', async () => {
    const call = await caller();
    await expect.poll(async () => limitsOf(await (await caller())())[1]).toBe(3); // connected
    const answers = [await call(), await call(), await call(), await call(), await call()];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200, 429]);
    expect(answers.map((answer) => limitsOf(answer).slice(0, 2))).toEqual([
      [4, 3],
      [4, 2],
      [4, 1],
      [4, 0],
      [4, 0],
    ]);
    const refused = answers[4];
    expect(Number(refused?.headers['retry-after'])).toBeGreaterThan(HOUR - 10);
    const names = Object.keys(refused?.headers ?? {}).filter((name) => /rate-?limit/i.test(name));
    expect(names.sort()).toEqual(['ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset']);
  });
});
