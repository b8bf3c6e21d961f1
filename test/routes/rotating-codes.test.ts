import { TOTP } from 'otpauth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyRotating } from '../../examples/verify-rotating-code.ts';
import { runJobs } from '../../src/jobs/worker.ts';
import { type MailServer, mailServer } from '../helpers/mail-server.ts';
import { readQrPng } from '../helpers/qr.ts';
import { type DoorWorld, doorWorld, HOUR, type TestTicket } from '../helpers/ticket-factories.ts';

let server: MailServer;
let world: DoorWorld;
beforeAll(async () => {
  server = await mailServer();
  world = await doorWorld({ env: { SMTP_URL: server.url, MAIL_FROM: 'door@acme.example' } });
  await world.sql('UPDATE event SET rotating_codes = true WHERE id = $1', world.tonight.event_id);
});
afterAll(async () => {
  await world.close();
  await server.close();
});

const MINUTE = 60_000;
/** The code that was on the owner's screen so long ago. */
async function shown({ id, event_id }: TestTicket, ago = 0): Promise<string> {
  const sign = await world.system.ticketKeys.signer(world.accounts.company_id);
  const [row] = await world.sql<{ serial: number }>('SELECT serial FROM ticket WHERE id = $1', id);
  const claims = { ticketId: id, eventId: event_id, serial: row?.serial ?? 0 };
  return sign(claims, new Date(Date.now() - ago));
}
const verdict = async (qr_code: string, more = {}) => {
  const { status, body } = await world.scan(qr_code, more);
  expect([status, body.code]).toEqual([201, undefined]);
  const { result, reason, forced } = body.validation;
  return forced ? [result, reason, 'forced'] : [result, reason];
};

describe('the owner of a ticket whose codes rotate', () => {
  it('has another code every 15 seconds, as text and as a picture that nobody keeps', async () => {
    const ticket = await world.ticket({ user_id: world.john });
    const asked = Date.now();
    const { body } = await world.call(`/tickets/${ticket.id}`, { who: 'john' });
    const { qr_code, qr_code_changes_at } = body.ticket;
    expect(qr_code).toMatch(/^[A-Z2-7]{143}\.\d{8}$/);
    const left = Date.parse(qr_code_changes_at) - asked;
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(15_000 + 1_000);
    for (const kind of ['png', 'svg']) {
      const { status, headers, raw } = await world.call(`/tickets/${ticket.id}/qr.${kind}`, { who: 'john' });
      expect([status, headers['cache-control']]).toEqual([200, 'private, no-store']);
      if (kind === 'svg') continue;
      const read = readQrPng(raw);
      expect([read?.version, read?.text.slice(0, 144)]).toEqual([6, qr_code.slice(0, 144)]);
      expect(read?.text).toMatch(/\.\d{8}$/);
    }
    expect(await verdict(qr_code)).toEqual(['accepted', null]);
  });

  it('may have it on a device of the seller that makes every code by itself, until it is reissued', async () => {
    const ticket = await world.ticket({ user_id: world.john });
    const url = `/tickets/${ticket.id}/code`;
    const answer = await world.call(url, { who: 'seller' });
    const { code } = answer.body;
    expect([answer.status, answer.headers['cache-control']]).toEqual([200, 'private, no-store']);
    expect(code).toEqual({
      ticket_id: ticket.id,
      qr_code: expect.stringContaining(`${code.rotation.token}.`),
      changes_at: expect.any(String),
      live_url: expect.stringMatching(/^http:\S+\/live\/\S+$/),
      rotation: {
        ...{ algorithm: 'SHA1', digits: 8, period: 15, token: await world.code(ticket) },
        secret: expect.stringMatching(/^[A-Z2-7]{32}$/),
      },
    });
    const { token, ...terms } = code.rotation;
    const later = Date.now() + HOUR; // the device has lost its network long ago
    const told = `${token}.${new TOTP({ ...terms, secret: terms.secret }).generate({ timestamp: later })}`;
    expect(told).toBe(await shown(ticket, -(later - Date.now())));
    await world.call(`/tickets/${ticket.id}/reissue`, { who: 'seller', body: {} });
    const next = (await world.call(url, { who: 'seller' })).body.code.rotation;
    expect(next.secret).not.toBe(terms.secret);
    for (const who of ['john', 'admin'] as const)
      expect((await world.call(url, { who })).body.code).toBe('insufficient_scope');
    const dead = await world.ticket({ status: 'void' });
    expect((await world.call(`/tickets/${dead.id}/code`, { who: 'seller' })).status).toBe(409);
  });

  it('cannot carry it on paper: PDFs are refused, the date is not', async () => {
    const ticket = await world.ticket({ user_id: world.john });
    for (const url of [`/tickets/${ticket.id}.pdf`, `/carts/${ticket.cart_id}/tickets.pdf`]) {
      const { status, body } = await world.call(url, { who: 'john' });
      expect([status, body.code, body.rotating_codes]).toEqual([409, 'conflict', true]);
    }
    expect((await world.call(`/tickets/${ticket.id}.ics`, { who: 'john' })).status).toBe(200);
  });

  it('who bought or was given it has a mail that says so, and the date without a page', async () => {
    const body = {
      items: [{ ticket_type_id: world.tonight.group, quantity: 1 }],
      buyer: { email: 'a@mail.com' },
    };
    const { cart } = (await world.call('/carts', { who: 'seller', body })).body;
    await world.call(`/carts/${cart.id}/payments`, { who: 'seller', body: { method: 'free' } });
    await world.call('/courtesies', {
      body: {
        ...{ event_id: world.tonight.event_id, ticket_type_id: world.tonight.standing },
        guests: [{ first_name: 'Ada', email: 'ada@mail.com' }],
      },
    });
    await runJobs(world.system);
    for (const to of ['a@mail.com', 'ada@mail.com']) {
      const [mail] = server.to(to);
      expect(mail?.text).toContain('show it live on your phone');
      expect(mail?.attachments.map(({ filename }) => filename)).toEqual(['dates.ics']);
    }
  });
});

describe('a scan of a rotating code', () => {
  it('lets in on the live one and the one just before; a picture is dead after 30 seconds', async () => {
    const ticket = await world.ticket();
    expect(await verdict(await shown(ticket, 30_000))).toEqual(['rejected', 'expired']);
    expect(await verdict(await shown(ticket, 5 * MINUTE))).toEqual(['rejected', 'expired']);
    expect(await verdict(await shown(ticket, -45_000))).toEqual(['rejected', 'expired']);
    expect(await verdict(await world.code(ticket))).toEqual(['rejected', 'expired']); // without its digits
    expect(await verdict(await shown(ticket, 14_000))).toEqual(['accepted', null]);
    expect(await verdict(await shown(ticket))).toEqual(['rejected', 'already_used']);
  });

  it('trusts no clock but ours with it', async () => {
    const ticket = await world.ticket();
    const scanned_at = new Date(Date.now() - 5 * MINUTE).toISOString();
    expect(await verdict(await shown(ticket, 5 * MINUTE), { scanned_at })).toEqual(['rejected', 'expired']);
    expect(await verdict(await shown(ticket), { scanned_at })).toEqual(['accepted', null]);
  });

  it('can be forced, is not asked of a check-in by name, and judges no exit', async () => {
    const [forced, named] = [await world.ticket(), await world.ticket()];
    const picture = await shown(forced, MINUTE);
    expect(await verdict(picture, { force: true })).toEqual(['accepted', 'expired', 'forced']);
    expect(await verdict(picture, { direction: 'exit' })).toEqual(['accepted', null]);
    const body = { ticket_id: named.id, event_id: world.tonight.event_id };
    expect((await world.call('/validations', { body })).body.validation.result).toBe('accepted');
  });

  it('dies with a reissue like any other, and lives on when keys are rotated', async () => {
    const [reissued, old] = [await world.ticket(), await world.ticket()];
    const codes = [await shown(reissued), await shown(old)] as const;
    await world.call(`/tickets/${reissued.id}/reissue`, { who: 'seller', body: {} });
    await world.system.ticketKeys.rotate(world.accounts.company_id);
    expect(await verdict(codes[0])).toEqual(['rejected', 'revoked']);
    expect(await verdict(codes[1])).toEqual(['accepted', null]);
    expect(await verdict(await shown(reissued))).toEqual(['accepted', null]);
  });

  it('of one of a group speaks for all while it is live; a picture for itself alone', async () => {
    const first = await world.ticket();
    await world.ticket({ cart_id: first.cart_id });
    const group = async (qr_code: string) => {
      const body = { qr_code, event_id: world.tonight.event_id };
      const answer = await world.call('/validations/group', { body });
      return answer.body.validations.map(({ reason }: { reason: string | null }) => reason);
    };
    expect(await group(await shown(first, MINUTE))).toEqual(['expired']);
    expect(await group(await shown(first))).toEqual([null, null]);
  });

  it('at another event is of the wrong one, and a look-up finds its ticket whatever its digits', async () => {
    const ticket = await world.ticket();
    const code = await shown(ticket, MINUTE);
    expect(await verdict(code, { event_id: world.tomorrow.event_id })).toEqual(['rejected', 'wrong_event']);
    const found = await world.call(`/tickets/qr/${code}`);
    expect([found.status, found.body.ticket?.id]).toEqual([200, ticket.id]);
  });
});

describe('offline', () => {
  const upload = async (scans: object[], skew = HOUR) => {
    const body = { device_id: 'gate-1', sent_at: new Date(Date.now() + skew).toISOString(), scans };
    const { status, body: answer } = await world.call('/validations/batch', { body });
    expect(status).toBe(201);
    return answer.validations.map(
      ({ validation }: { validation: { result: string; reason: string; conflict: string } }) => [
        validation.result,
        validation.reason,
        validation.conflict,
      ],
    );
  };
  let nonces = 0;
  const scan = (qr_code: string, ago: number, more = {}) => {
    const scanned_at = new Date(Date.now() + HOUR - ago).toISOString(); // the clock of the device is an hour ahead
    return { qr_code, event_id: world.tonight.event_id, nonce: `offline-${nonces++}`, scanned_at, ...more };
  };

  it('a batch is judged by when its scans were made, the skew of the device taken off', async () => {
    const [live, late, refused] = [await world.ticket(), await world.ticket(), await world.ticket()];
    const answers = await upload([
      scan(await shown(live, 10 * MINUTE), 10 * MINUTE),
      scan(await shown(late, 15 * MINUTE), 10 * MINUTE),
      scan(await shown(refused, 15 * MINUTE), 10 * MINUTE, { result: 'rejected', reason: 'expired' }),
    ]);
    expect(answers).toEqual([
      ['accepted', null, null],
      ['accepted', 'expired', 'expired'], // the device let somebody in on a picture
      ['rejected', 'expired', null],
    ]);
  });

  it('a scanner tells live codes by its manifest, also of tickets that were sold later', async () => {
    const { manifest } = (await world.call(`/events/${world.tonight.event_id}/manifest`)).body;
    expect(manifest.rotation).toEqual({
      ...{ algorithm: 'SHA1', digits: 8, period: 15, window: 1 },
      keys: manifest.keys.map(({ kid }: { kid: string }) => ({
        kid,
        secret: expect.stringMatching(/^[\w-]{43}$/),
      })),
    });
    const ticket = await world.ticket();
    const read = (code: string) => verifyRotating(code, manifest.keys, manifest.rotation);
    expect(read(await shown(ticket))).toMatchObject({ ticket_id: ticket.id, serial: 0, timely: true });
    expect(read(await shown(ticket, MINUTE))).toMatchObject({ timely: false });
  });
});

it('an event that gives rotation up takes every signed code, with digits or without', async () => {
  const [one, two] = [await world.ticket(), await world.ticket()];
  const old = await shown(one, MINUTE);
  await world.sql('UPDATE event SET rotating_codes = false WHERE id = $1', world.tonight.event_id);
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  expect(await verdict(old)).toEqual(['accepted', null]);
  expect(await verdict(await world.code(two))).toEqual(['accepted', null]);
  const { ticket } = (await world.call(`/tickets/${one.id}`, { who: 'seller' })).body;
  expect([ticket.qr_code.length, ticket.qr_code_changes_at]).toEqual([143, null]);
});
