import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expireCourtesies } from '../../src/services/courtesies/end.ts';
import { type DoorWorld, doorWorld, fromNow } from '../helpers/ticket-factories.ts';

let world: DoorWorld;
beforeAll(async () => {
  world = await doorWorld();
});
afterAll(() => world.close());

const MINUTE = 60_000;

/** A courtesy of John's that ends in a minute, as its ticket. */
async function courtesy(more: object = {}): Promise<{ id: string; expires_at: Date; code: string }> {
  const expires_at = fromNow(MINUTE);
  const { event_id, standing } = world.tonight;
  const body = { event_id, ticket_type_id: standing, users: [world.john], expires_at, ...more };
  const { status, body: answer } = await world.call('/courtesies', { body });
  expect(status).toBe(201);
  const id = answer.courtesies[0].ticket_id as string;
  return { id, expires_at, code: await world.code({ id }) };
}

/** A minute passes for one ticket: no worker has come by yet. */
const lapse = (id: string) =>
  world.sql("UPDATE ticket SET expires_at = now() - interval '1 millisecond' WHERE id = $1", id);
const judged = async (code: string, more: Record<string, unknown> = {}) => {
  const { result, reason } = (await world.scan(code, more)).body.validation;
  return [result, reason];
};
const before = ({ expires_at }: { expires_at: Date }) => new Date(expires_at.getTime() - 1).toISOString();

describe('the end of a courtesy, to the instant', () => {
  it('a scan a millisecond before it lets in, one at it does not; staff may', async () => {
    const [early, late] = [await courtesy(), await courtesy()];
    expect((await world.call(`/tickets/${early.id}`)).body.ticket.expires_at).toBe(
      early.expires_at.toISOString(),
    );
    expect(await judged(early.code, { scanned_at: before(early) })).toEqual(['accepted', null]);
    expect(await judged(late.code, { scanned_at: late.expires_at.toISOString() })).toEqual([
      'rejected',
      'expired',
    ]);
    expect(await judged(late.code, { scanned_at: late.expires_at.toISOString(), force: true })).toEqual([
      'accepted',
      'expired',
    ]);
  });

  it('is none for a guest who has come: out and in again, and no worker ends it', async () => {
    const guest = await courtesy({ ticket_type_id: world.tonight.again });
    expect(await judged(guest.code)).toEqual(['accepted', null]);
    await lapse(guest.id);
    await world.sql(
      "UPDATE courtesy SET expires_at = now() - interval '1 second' WHERE ticket_id = $1",
      guest.id,
    );
    expect(await judged(guest.code, { direction: 'exit' })).toEqual(['accepted', null]);
    expect(await judged(guest.code)).toEqual(['accepted', null]);
    expect(await expireCourtesies(world.system)).toBe(0);
  });

  it('shows no code any more, and nothing of it is passed on, changed or made anew', async () => {
    const { id } = await courtesy();
    const at = `/tickets/${id}`;
    const john = (url: string, body?: unknown) => world.call(url, { who: 'john', body });
    const { live_url } = (await world.call(`${at}/code`, { who: 'seller' })).body;
    const page = new URL(live_url ?? (await world.call(`${at}/code`, { who: 'seller' })).body.code.live_url)
      .pathname;
    expect((await world.call(page)).status).toBe(200);
    const offered = await john(`${at}/transfer`, { email: 'mary@mail.com' });
    expect(offered.body.transfer.expires_at).toBe((await john(at)).body.ticket.expires_at);
    const [{ code: mailed } = { code: '' }] = await world.sql<{ code: string }>(
      "SELECT data ->> 'code' AS code FROM mail WHERE template = 'ticket_transfer' ORDER BY id DESC LIMIT 1",
    );
    await lapse(id);

    expect((await john(at)).body.ticket).toMatchObject({ status: 'valid', qr_code: null });
    expect((await world.call(page)).status).toBe(404);
    for (const file of ['/qr.svg', '/qr.png', '.pdf', '/code']) {
      const { status, body } = await world.call(`${at}${file}`, { who: 'seller' });
      expect([file, status, body.code, body.detail]).toEqual([
        file,
        409,
        'conflict',
        'This ticket has expired.',
      ]);
    }
    const accepted = await world.call(`/transfers/${mailed}/accept`, { who: 'mary', method: 'POST' });
    expect([accepted.status, accepted.body.code]).toEqual([409, 'holder_locked']);
    const again = await john(`${at}/transfer`, { email: 'ana@mail.com' });
    expect([again.status, again.body.code]).toEqual([409, 'holder_locked']);
    const renamed = await world.call(at, {
      ...{ who: 'john', method: 'PATCH', headers: { 'if-match': '*' } },
      body: { holder: { first_name: 'Jon' } },
    });
    expect([renamed.status, renamed.body.code]).toEqual([409, 'holder_locked']);
    const reissued = await world.call(`${at}/reissue`, { who: 'seller', method: 'POST' });
    expect([reissued.status, reissued.body.code]).toEqual([409, 'conflict']);
    expect((await world.call(`${at}/void`, { method: 'POST' })).status).toBe(200);
  });

  it('is in the manifest until the guest has come, and a batch is judged by it', async () => {
    const { event_id } = world.tonight;
    const inManifest = async (id: string) => {
      const { manifest } = (await world.call(`/events/${event_id}/manifest`)).body;
      const row = manifest.tickets.find(([first]: [string]) => first === id);
      return row[manifest.columns.indexOf('expires_at')];
    };
    const guest = await courtesy({ ticket_type_id: world.tonight.again });
    const stranger = await courtesy();
    expect(await inManifest(guest.id)).toBe(guest.expires_at.toISOString());
    const past = fromNow(-10 * MINUTE);
    await world.sql('UPDATE ticket SET expires_at = $1 WHERE id IN ($2, $3)', past, guest.id, stranger.id);
    const scan = (code: string, minutes: number, direction = 'entry') => ({
      ...{ event_id, qr_code: code, direction, nonce: `${code.slice(-20)} ${minutes}` },
      scanned_at: new Date(past.getTime() + minutes * MINUTE).toISOString(),
    });
    const scans = [
      ...[scan(guest.code, 3), scan(guest.code, 2, 'exit'), scan(guest.code, -1), scan(stranger.code, 1)],
    ];
    const { body } = await world.call('/validations/batch', {
      body: { device_id: 'tablet', sent_at: new Date().toISOString(), scans },
    });
    expect(
      body.validations.map((item: { validation: { conflict: string } }) => item.validation.conflict),
    ).toEqual([null, null, null, 'expired']);
    expect(await inManifest(guest.id)).toBeNull();
  });
});
