import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import yauzl from 'yauzl';
import { ConfigError, readConfig } from '../../src/config.ts';
import { openPassSigner } from '../../src/services/tickets/wallet.ts';
import { type DoorWorld, doorWorld } from '../helpers/ticket-factories.ts';
import { makeCertificate, PASS_TYPE, TEAM, walletSettings } from '../helpers/wallet-certificates.ts';

const wallet = walletSettings();
let world: DoorWorld;
/** A server whose operator has set nothing. */
let bare: DoorWorld;
beforeAll(async () => {
  world = await doorWorld({ env: wallet.env });
  bare = await doorWorld();
  await world.sql(
    `UPDATE event SET name = 'Noche de Łódź', time_zone = 'Europe/Madrid', starts_at = '2031-07-04T19:30:00Z',
       ends_at = '2031-07-04T22:00:00Z', doors_at = '2031-07-04T18:30:00Z' WHERE id = $1`,
    world.tonight.event_id,
  );
});
afterAll(async () => {
  await world.close();
  await bare.close();
  wallet.remove();
});

/** The files of a pass. */
async function unpack(bytes: Buffer): Promise<Map<string, Buffer>> {
  const zip = await yauzl.fromBufferPromise(bytes);
  const files = new Map<string, Buffer>();
  for await (const entry of zip.eachEntry())
    files.set(entry.fileName, await buffer(await zip.openReadStreamPromise(entry)));
  return files;
}
const sha1 = (bytes: Buffer) => createHash('sha1').update(bytes).digest('hex');

describe('a ticket as a pass', () => {
  it('is a signed archive whose code is that of the ticket', async () => {
    const [seat] = await world.sql<{ seat_id: number; section_id: number }>(
      'SELECT seat_id, section_id FROM event_seat WHERE event_id = $1 ORDER BY seat_id LIMIT 1',
      world.tonight.event_id,
    );
    const ticket = await world.ticket({
      ...{ user_id: world.john, first_name: 'Zoë', last_name: 'Łukasz' },
      ...seat,
    });
    const answer = await world.call(`/tickets/${ticket.id}.pkpass`, { who: 'john' });
    expect([answer.status, answer.headers['content-type'], answer.headers['cache-control']]).toEqual([
      ...[200, 'application/vnd.apple.pkpass', 'private, no-store'],
    ]);
    const files = await unpack(answer.raw);
    expect([...files.keys()].sort()).toEqual([
      ...['icon.png', 'icon@2x.png', 'icon@3x.png', 'manifest.json', 'pass.json', 'signature'],
    ]);
    const manifest = JSON.parse(String(files.get('manifest.json')));
    const signed = [...files].filter(([name]) => !['manifest.json', 'signature'].includes(name));
    expect(manifest).toEqual(Object.fromEntries(signed.map(([name, bytes]) => [name, sha1(bytes)])));
    // PKCS #7 signed data, and in it the hash of the manifest that it signs.
    const signature = files.get('signature') as Buffer;
    expect(signature.includes(Buffer.from('06092a864886f70d010702', 'hex'))).toBe(true);
    expect(
      signature.includes(
        createHash('sha1')
          .update(files.get('manifest.json') as Buffer)
          .digest(),
      ),
    ).toBe(true);
    const pass = JSON.parse(String(files.get('pass.json')));
    expect(pass).toMatchObject({
      ...{ formatVersion: 1, passTypeIdentifier: PASS_TYPE, teamIdentifier: TEAM, serialNumber: ticket.id },
      ...{ organizationName: 'acme', description: 'Noche de Łódź', sharingProhibited: true },
      barcodes: [
        {
          ...{ format: 'PKBarcodeFormatQR', message: await world.code(ticket) },
          messageEncoding: 'iso-8859-1',
        },
      ],
      eventTicket: {
        headerFields: [{ key: 'doors', value: '20:30' }],
        primaryFields: [{ key: 'event', value: 'Noche de Łódź' }],
        secondaryFields: [{ key: 'when', label: 'When', value: 'Friday, 4 July 2031 at 21:30' }],
        auxiliaryFields: [
          { key: 'type' },
          { key: 'place', value: 'Stalls · A · 1' },
          { key: 'holder', value: 'Zoë Łukasz' },
        ],
      },
    });
    expect(new Date(pass.relevantDate).toISOString()).toBe('2031-07-04T18:30:00.000Z');
  });

  it('is not for strangers, dead tickets, or codes that rotate', async () => {
    const ticket = await world.ticket({ user_id: world.john });
    const dead = await world.ticket({ user_id: world.john, status: 'void' });
    const get = async (id: string, who: 'john' | 'mary' | 'pos') => {
      const { status, body } = await world.call(`/tickets/${id}.pkpass`, { who });
      return [status, body.code, body.ticket_status ?? body.rotating_codes];
    };
    expect(await get(ticket.id, 'mary')).toEqual([404, 'not_found', undefined]);
    expect(await get(ticket.id, 'pos')).toEqual([404, 'not_found', undefined]);
    expect(await get(dead.id, 'john')).toEqual([409, 'conflict', 'void']);
    await world.sql('UPDATE event SET rotating_codes = true WHERE id = $1', world.tonight.event_id);
    expect(await get(ticket.id, 'john')).toEqual([409, 'conflict', true]);
  });

  it('of a server without a certificate is a problem that says what to set, and no error of its log', async () => {
    const ticket = await bare.ticket({ user_id: bare.john });
    const { status, headers, body } = await bare.call(`/tickets/${ticket.id}.pkpass`, { who: 'john' });
    expect([status, headers['content-type']]).toEqual([501, 'application/problem+json; charset=utf-8']);
    expect(body).toMatchObject({
      ...{ code: 'not_implemented', title: 'Not available here' },
      settings: ['APPLE_PASS_CERTIFICATE', 'APPLE_PASS_KEY', 'APPLE_PASS_WWDR'],
    });
    expect(body.detail).toContain('APPLE_PASS_CERTIFICATE, APPLE_PASS_KEY, APPLE_PASS_WWDR');
    expect(bare.errors).toEqual([]);
  });
});

describe('wrong certificates', () => {
  const open = (env: Record<string, string>) => () => openPassSigner(readConfig(env));

  it('stop a server with one line', () => {
    const other = makeCertificate([{ shortName: 'CN', value: 'no pass type' }]);
    const file = wallet.file('other.pem', other.certificate);
    const key = wallet.file(
      'other-key.pem',
      String(other.privateKey.export({ type: 'pkcs8', format: 'pem' })),
    );
    const { APPLE_PASS_WWDR: _, ...partly } = wallet.env;
    for (const [env, words] of [
      [partly, /passes need APPLE_PASS_WWDR, too/],
      [{ ...wallet.env, APPLE_PASS_KEY_PASSPHRASE: 'wrong' }, /APPLE_PASS_KEY is no PEM file/],
      [{ ...wallet.env, APPLE_PASS_KEY: key }, /APPLE_PASS_KEY is not the key of/],
      [{ ...wallet.env, APPLE_PASS_CERTIFICATE: key }, /APPLE_PASS_CERTIFICATE is no PEM file/],
      [
        { ...wallet.env, APPLE_PASS_CERTIFICATE: file, APPLE_PASS_KEY: key },
        /not the certificate of a Pass Type/,
      ],
    ] as const) {
      expect(open(env)).toThrow(ConfigError);
      expect(open(env)).toThrow(words);
    }
    expect(open({ ...wallet.env, APPLE_PASS_KEY: '/no/such/file' })).toThrow(/ENOENT.*\/no\/such\/file/);
    expect(open({})()).toBeUndefined();
  });
});
