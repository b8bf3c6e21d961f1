import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import net from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestApp, testApp } from '../helpers/app.ts';

let test: TestApp;
let port: number;

beforeAll(async () => {
  test = await testApp();
  await test.app.listen({ port: 0, host: '127.0.0.1' });
  port = (test.app.server.address() as AddressInfo).port;
});
afterAll(() => test.close());

/** Sends bytes as they are and gives the answer, once the server has closed the connection. */
async function send(text: string) {
  const socket = net.connect(port, '127.0.0.1');
  socket.write(text);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  await once(socket, 'close');
  const [head = '', body = ''] = Buffer.concat(chunks).toString().split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(lines.map((line) => line.toLowerCase().split(/: (.*)/)));
  return { status: Number(first.split(' ')[1]), headers, body: JSON.parse(body) };
}

describe('what is not HTTP', () => {
  it.each([
    ['nonsense', 'HELLO\r\n\r\n', 400, 'invalid_request'],
    [
      'two lengths',
      'POST /carts HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
      400,
      'invalid_request',
    ],
    [
      'a header beyond all bounds',
      `GET / HTTP/1.1\r\nhost: x\r\nx-long: ${'x'.repeat(20_000)}\r\n\r\n`,
      431,
      'headers_too_large',
    ],
  ])('is refused as a problem like any other: %s', async (_what, text, status, code) => {
    const answer = await send(text);
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(answer.headers['x-interface']).toBe(String(test.accounts.interfaces.web));
    expect(answer.headers.connection).toBe('close');
    expect(answer.body).toMatchObject({ status, code, request_id: answer.headers['x-request-id'] });
    expect(answer.body.type).toBe(`${test.system.publicUrl}/problems/${code}`);
  });
});
