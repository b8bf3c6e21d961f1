import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { isPublicAddress, publicLookup } from '../../../src/net/address.ts';
import { checkUrl } from '../../../src/services/webhooks/address.ts';
import { newSecret } from '../../../src/services/webhooks/row.ts';
import { send } from '../../../src/services/webhooks/send.ts';

describe('an address of the public internet', () => {
  it.each(['93.184.216.34', '8.8.8.8', '172.15.0.1', '172.32.0.1', '2606:4700::1111', '2a00:1450::1'])(
    '%s is',
    (a) => {
      expect(isPublicAddress(a)).toBe(true);
    },
  );
  it.each([
    ...[
      '127.0.0.1',
      '127.9.9.9',
      '0.0.0.0',
      '10.1.2.3',
      '172.16.0.1',
      '172.31.255.255',
      '192.168.1.1',
      '169.254.169.254',
    ],
    ...[
      '100.64.0.1',
      '198.18.0.1',
      '192.0.2.1',
      '224.0.0.1',
      '255.255.255.255',
      '::',
      '::1',
      '::ffff:127.0.0.1',
    ],
    ...[
      '::ffff:8.8.8.8',
      '64:ff9b::a00:1',
      'fe80::1',
      'fc00::1',
      'fd12::1',
      'ff02::1',
      '2001:db8::1',
      '2002:7f00:1::',
    ],
    ...['localhost', 'example.com', ''],
  ])('%s is not', (a) => {
    expect(isPublicAddress(a)).toBe(false);
  });
});

describe('the address of a webhook', () => {
  it.each([
    ...[
      'http://shop.example/hooks',
      'ftp://shop.example',
      'https://user:pass@shop.example',
      'https://shop.example/#a',
    ],
    ...[
      'https://127.0.0.1/',
      'https://[::1]/',
      'https://2130706433/',
      'https://0x7f.1/',
      'https://017700000001/',
    ],
    ...[
      'https://localhost/',
      'https://intranet/',
      'https://a.local/',
      'https://db.internal/',
      'nowhere',
      '/hooks',
      '',
    ],
    ...['https://[::ffff:10.0.0.1]/', 'https://169.254.169.254/latest/meta-data'],
  ])('is not %s', (url) => {
    expect(() => checkUrl(url, false)).toThrow(expect.objectContaining({ code: 'validation_failed' }));
  });
  it('is written as browsers write it', () => {
    expect(checkUrl('HTTPS://Shop.Example:443/a b', false)).toBe('https://shop.example/a%20b');
  });
  it('may be anything of http where the setting allows it', () => {
    expect(checkUrl('http://127.0.0.1:8080/x', true)).toBe('http://127.0.0.1:8080/x');
    expect(() => checkUrl('file:///etc/passwd', true)).toThrow();
  });
});

describe('sending', () => {
  const message = (url: string) => ({ url, secrets: [newSecret()], id: 'change', body: '{}' });

  it('does not reach loopback, by address or by a name that leads there', async () => {
    let calls = 0;
    const server = http.createServer((_, response) => {
      calls++;
      response.end();
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = server.address() as AddressInfo;
    for (const host of ['127.0.0.1', 'localhost', '[::1]', '0.0.0.0'])
      expect(await send(message(`http://${host}:${port}/`), false)).toEqual({
        response_status: null,
        error: expect.stringContaining('not an address of the public internet'),
      });
    expect(calls).toBe(0);
    expect(await send(message(`http://localhost:${port}/`), true)).toEqual({
      response_status: 200,
      error: null,
    });
    server.close();
  });

  it('resolves a name to its public addresses alone', async () => {
    const found = await new Promise((resolve) => publicLookup('localhost', { all: true }, resolve));
    expect(found).toMatchObject({ message: 'localhost is not an address of the public internet' });
  });

  it('waits no longer than its time', async () => {
    const server = http.createServer(() => {});
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = server.address() as AddressInfo;
    expect(await send(message(`http://127.0.0.1:${port}/`), true, 100)).toEqual({
      response_status: null,
      error: 'no answer in 0.1 s',
    });
    server.closeAllConnections();
    server.close();
    expect(await send(message(`http://127.0.0.1:${port}/`), true)).toMatchObject({
      error: expect.stringContaining('ECONNREFUSED'),
    });
  });
});
