import net from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestApp, testApp } from '../helpers/app.ts';
import { accessToken } from '../helpers/factories.ts';
import { levers, thingRoutes } from './things.ts';

// What is written past Node must read as if Node had written it: only a real connection shows that.

let test: TestApp;
let token: string;
let port: number;

beforeAll(async () => {
  test = await testApp({ routes: thingRoutes(levers()) });
  token = await accessToken(test.system, { client: test.accounts.clients.web });
  await test.app.listen({ host: '127.0.0.1', port: 0 });
  port = (test.app.server.address() as net.AddressInfo).port;
  await talk(request()); // from now on it is answered from memory
});
afterAll(() => test.close());

const request = (headers: string[] = [], version = '1.1', url = '/published/1') =>
  [`GET ${url} HTTP/${version}`, 'host: x', `authorization: Bearer ${token}`, ...headers, '', ''].join(
    '\r\n',
  );

/** Sends text over one connection and gives all that comes back until it is closed, or nothing came for 150 ms. */
function talk(text: string): Promise<{ answer: string; closed: boolean }> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.setTimeout(150, () => {
      socket.destroy();
      resolve({ answer, closed: false });
    });
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('end', () => resolve({ answer, closed: true }));
    socket.on('error', reject);
  });
}

interface Parsed {
  status: string;
  headers: Record<string, string>;
  body: string;
}

function parse(answer: string): Parsed[] {
  const found: Parsed[] = [];
  for (let rest = answer; rest; ) {
    const end = rest.indexOf('\r\n\r\n');
    const [status = '', ...lines] = rest.slice(0, end).split('\r\n');
    const headers = Object.fromEntries(
      lines.map((line) => [line.split(':', 1)[0]?.toLowerCase(), line.slice(line.indexOf(':') + 2)]),
    );
    const length = Number(headers['content-length'] ?? 0);
    found.push({ status, headers, body: rest.slice(end + 4, end + 4 + length) });
    rest = rest.slice(end + 4 + length);
  }
  return found;
}

const one = (answer: string): Parsed => {
  const [first, ...more] = parse(answer);
  expect(more).toEqual([]);
  return first as Parsed;
};

/** Headers that differ from one request to the next. */
const stable = ({ headers }: Parsed) => {
  const { date, 'x-request-id': _, 'ratelimit-remaining': __, ...rest } = headers;
  expect(Math.abs(Date.now() - Date.parse(date as string))).toBeLessThan(2_500);
  return rest;
};

describe('an answer from memory, on a real connection', () => {
  it('reads as Node and Fastify would have written it', async () => {
    test.system.published.clear();
    const fetched = one((await talk(request())).answer);
    const remembered = one((await talk(request())).answer);
    expect(remembered.status).toBe('HTTP/1.1 200 OK');
    expect(remembered.body).toBe(fetched.body);
    expect(stable(remembered)).toEqual(stable(fetched));
    expect(remembered.headers).toMatchObject({ connection: 'keep-alive', 'keep-alive': 'timeout=72' });
  });

  it('leaves the connection ready for the next request, and for those sent without waiting', async () => {
    const { answer, closed } = await talk(request() + request(['x-request-id: second']) + request());
    expect(closed).toBe(false);
    const answers = parse(answer);
    expect(answers.map(({ status }) => status)).toEqual(Array(3).fill('HTTP/1.1 200 OK'));
    expect(answers[1]?.headers['x-request-id']).toBe('second');
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
  });

  it('says 304 without a body', async () => {
    const { etag } = one((await talk(request())).answer).headers;
    const { answer, closed } = await talk(request([`if-none-match: ${etag}`]) + request());
    expect(closed).toBe(false);
    const [unchanged, next] = parse(answer);
    expect(unchanged).toMatchObject({ status: 'HTTP/1.1 304 Not Modified', body: '', headers: { etag } });
    expect(unchanged?.headers).not.toHaveProperty('content-length');
    expect(next?.status).toBe('HTTP/1.1 200 OK');
  });

  it('closes the connection for those who ask for it, and for HTTP/1.0', async () => {
    for (const text of [request(['connection: close']), request([], '1.0')]) {
      const { answer, closed } = await talk(text);
      expect(closed).toBe(true);
      expect(one(answer)).toMatchObject({ status: 'HTTP/1.1 200 OK', headers: { connection: 'close' } });
    }
  });

  it('tells each origin of itself alone', async () => {
    const ask = async (...headers: string[]) => one((await talk(request(headers))).answer).headers;
    test.system.published.clear();
    const first = await ask('origin: https://a.example');
    const second = await ask('origin: https://b.example');
    const none = await ask();
    expect(first['access-control-allow-origin']).toBe('https://a.example');
    expect(second['access-control-allow-origin']).toBe('https://b.example');
    expect(none).not.toHaveProperty('access-control-allow-origin');
  });

  it('closes it while the server is going', async () => {
    test.app.closing = true;
    const { answer, closed } = await talk(request());
    test.app.closing = false;
    expect(closed).toBe(true);
    expect(one(answer).headers.connection).toBe('close');
  });
});
