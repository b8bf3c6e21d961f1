import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import net from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestApp, testApp } from '../helpers/app.ts';
import { accessToken } from '../helpers/factories.ts';
import { levers, thingRoutes } from '../hooks/things.ts';

const lever = levers();
const agent = new http.Agent({ keepAlive: true, maxSockets: 10 });
let test: TestApp;
let headers: Record<string, string>;
let port: number;

beforeAll(async () => {
  test = await testApp({ routes: thingRoutes(lever) });
  headers = {
    authorization: `Bearer ${await accessToken(test.system, { client: test.accounts.clients.web })}`,
  };
  await test.app.listen({ port: 0, host: '127.0.0.1' });
  port = (test.app.server.address() as AddressInfo).port;
});
afterAll(async () => {
  agent.destroy();
  await test.close();
});

/** A request over a connection that the client would keep. */
async function get(path: string): Promise<http.IncomingMessage> {
  const request = http.get({ host: '127.0.0.1', port, path, agent, headers });
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  response.resume();
  await once(response, 'end');
  return response;
}

describe('a server that closes', () => {
  it('answers what is under way and is gone within two seconds, whatever its clients keep open', async () => {
    await Promise.all([get('/open'), get('/open'), get('/open')]); // leaves idle connections behind
    let release = () => {};
    lever.hold = new Promise<void>((resolve) => {
      release = resolve;
    });
    const busy = get('/published/1');
    await expect.poll(() => Object.values(agent.sockets).flat().length).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 100)); // it has reached its handler

    const began = performance.now();
    const closed = test.app.close();
    setTimeout(release, 200);
    const answer = await busy;
    expect(answer.statusCode).toBe(200);
    expect(answer.headers.connection).toBe('close');
    await closed;
    expect(performance.now() - began).toBeLessThan(2_000);

    const refused = net.connect(port, '127.0.0.1');
    const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNREFUSED');
  });
});
