import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runJobs } from '../../src/jobs/worker.ts';
import { accessToken } from '../helpers/factories.ts';
import { type DoorWorld, doorWorld, fromNow, HOUR, type TestTicket } from '../helpers/ticket-factories.ts';

let world: DoorWorld;
beforeAll(async () => {
  world = await doorWorld();
});
afterAll(() => world.close());

const johns = (more = {}) =>
  world.ticket({ user_id: world.john, first_name: 'John', last_name: 'Doe', ...more });
const offer = (ticket: TestTicket, who: 'john' | 'mary' = 'john', email = 'mary@mail.com') =>
  world.call(`/tickets/${ticket.id}/transfer`, { who, body: { email } });

/** The code in the mail that waits for somebody: only the mail ever knew it. */
async function mailedCode(): Promise<string> {
  const [mail] = await world.sql<{ data: { code: string }; to_email: string }>(
    "SELECT data, to_email FROM mail WHERE template = 'ticket_transfer' AND status = 'pending' ORDER BY id DESC LIMIT 1",
  );
  return mail?.data.code as string;
}
const accept = (code: string, who: 'john' | 'mary' | 'buyer' = 'mary') =>
  world.call(`/transfers/${code}/accept`, { who, method: 'POST' });
const scanned = async (qr_code: string) => {
  const { status, body } = await world.scan(qr_code);
  expect([status, body.code]).toEqual([201, undefined]);
  return body.validation;
};

describe('POST /tickets/:ticket_id/transfer', () => {
  it('offers it by a code in a mail; until it is accepted nothing changes', async () => {
    const ticket = await johns();
    const before = (await world.call(`/tickets/${ticket.id}`, { who: 'john' })).body.ticket;
    const { status, headers, body } = await offer(ticket);
    expect([status, headers.location]).toEqual([201, `/tickets/${ticket.id}/transfers`]);
    expect(body.transfer).toEqual({
      id: expect.any(String),
      ticket_id: ticket.id,
      email: 'mary@mail.com',
      status: 'pending',
      from_user_id: world.john,
      to_user_id: null,
      expires_at: expect.any(String),
      created_at: expect.any(String),
      closed_at: null,
      reason: null,
    });
    expect((await world.call(`/tickets/${ticket.id}`, { who: 'john' })).body.ticket).toEqual(before);
    const code = await mailedCode();
    expect(code).toMatch(/^[A-Z2-7]{24}$/);
    expect(
      JSON.stringify(await world.sql('SELECT * FROM transfer WHERE ticket_id = $1', ticket.id)),
    ).not.toContain(code);
    await runJobs(world.system);
    expect(await mailedCode()).toBeUndefined(); // sent, and forgotten
  });

  it('is for its owner, one offer at a time, while it may change hands', async () => {
    const ticket = await johns();
    for (const who of ['mary', 'buyer', 'stranger'] as const)
      expect(
        (await world.call(`/tickets/${ticket.id}/transfer`, { who, body: { email: 'x@mail.com' } })).status,
      ).toBe(404);
    expect((await offer(ticket)).status).toBe(201);
    const again = await offer(ticket, 'john', 'ana@mail.com');
    expect([again.status, again.body.code]).toEqual([409, 'conflict']);
    for (const status of ['used', 'void']) {
      const { status: code, body } = await offer(await johns({ status }));
      expect([code, body.code, body.ticket_status]).toEqual([409, 'holder_locked', status]);
    }
  });

  it('is refused once the event has closed its holders', async () => {
    const ticket = await johns();
    const set = 'UPDATE event SET holder_change_until = $2 WHERE id = $1';
    await world.sql(set, world.tonight.event_id, fromNow(-HOUR));
    const { status, body } = await offer(ticket);
    await world.sql(set, world.tonight.event_id, null);
    expect([status, body.code]).toEqual([409, 'holder_locked']);
  });
});

describe('accepting', () => {
  it('makes it the recipient’s under a new code; the old one is dead at once', async () => {
    const ticket = await johns();
    const old = await world.code(ticket);
    await offer(ticket);
    const code = await mailedCode();
    expect((await accept(code, 'buyer')).body.code).toBe('user_required');
    expect((await accept(code, 'john')).body.code).toBe('conflict'); // it is his already
    const { status, body } = await accept(code.toLowerCase());
    expect(status).toBe(200);
    expect(body.ticket).toMatchObject({ id: ticket.id, status: 'valid', holder: { email: 'mary@mail.com' } });
    expect(body.ticket.qr_code).not.toBe(old);
    expect((await world.call(`/tickets/${ticket.id}`, { who: 'john' })).status).toBe(404);
    expect((await world.call(`/carts/${ticket.cart_id}/tickets`, { who: 'john' })).body.tickets).toEqual([]);
    expect(await scanned(old)).toMatchObject({ result: 'rejected', reason: 'revoked' });
    expect(await scanned(body.ticket.qr_code)).toMatchObject({ result: 'accepted' });
    const second = await accept(code);
    expect([second.status, second.body.code, second.body.transfer_status]).toEqual([
      409,
      'conflict',
      'accepted',
    ]);
  });

  it('keeps the chain of hands', async () => {
    const ticket = await johns();
    await offer(ticket);
    await accept(await mailedCode());
    await offer(ticket, 'mary', 'john@mail.com');
    await accept(await mailedCode(), 'john');
    const { status, body } = await world.call(`/tickets/${ticket.id}/transfers`, { who: 'john' });
    expect([status, body.code]).toEqual([200, undefined]);
    expect(body.transfers).toMatchObject([
      { status: 'accepted', from_user_id: world.mary, to_user_id: world.john, email: 'john@mail.com' },
      { status: 'accepted', from_user_id: world.john, to_user_id: world.mary, email: 'mary@mail.com' },
    ]);
    const [row] = await world.sql<{ serial: number }>('SELECT serial FROM ticket WHERE id = $1', ticket.id);
    expect(row?.serial).toBe(2);
  });

  it('is over once it was taken back, declined, or not answered in time', async () => {
    const ticket = await johns();
    const ended = async (end: () => Promise<unknown>) => {
      await offer(ticket);
      const code = await mailedCode();
      await end();
      const { status, body } = await accept(code);
      return [status, body.code, body.transfer_status];
    };
    const drop = () => world.call(`/tickets/${ticket.id}/transfer`, { who: 'john', method: 'DELETE' });
    expect(await ended(drop)).toEqual([409, 'conflict', 'cancelled']);
    expect((await drop()).status).toBe(404);
    const decline = async () =>
      world.call(`/transfers/${await mailedCode()}/decline`, { who: 'buyer', method: 'POST' });
    expect(await ended(decline)).toEqual([409, 'conflict', 'declined']);
    const late = () =>
      world.sql(
        "UPDATE transfer SET expires_at = now() - interval '1 second' WHERE ticket_id = $1 AND status = 'pending'",
        ticket.id,
      );
    expect(await ended(late)).toEqual([409, 'conflict', 'expired']);
    // What ran out is no obstacle, whether or not anything has written it down.
    expect((await offer(ticket)).status).toBe(201);
  });

  it('is refused when it was used or voided meanwhile', async () => {
    for (const status of ['used', 'void']) {
      const ticket = await johns();
      await offer(ticket);
      await world.sql('UPDATE ticket SET status = $2 WHERE id = $1', ticket.id, status);
      const { body } = await accept(await mailedCode());
      expect([body.code, body.ticket_status]).toEqual(['holder_locked', status]);
    }
  });

  it('knows no code that was never sent', async () => {
    for (const code of ['A'.repeat(24), 'short', 'A'.repeat(25)])
      expect((await accept(code)).status).toBe(404);
  });
});

describe('the table of transfers', () => {
  it('transfer_pending: holds one pending offer a ticket, whatever asks for it', async () => {
    const ticket = await johns();
    const insert = (status: string) =>
      world.sql(
        `INSERT INTO transfer (company_id, id, ticket_id, code_hash, to_email, status, expires_at)
         VALUES ($1, gen_random_uuid(), $2, gen_random_uuid()::text::bytea, 'x@mail.com', $3, now())`,
        world.accounts.company_id,
        ticket.id,
        status,
      );
    await insert('declined');
    await insert('pending');
    await insert('declined');
    await expect(insert('pending')).rejects.toMatchObject({ constraint: 'transfer_pending' });
  });
});

describe('raced', () => {
  it('50 offers make one; 25 who accept and 25 who take back agree on one end, and one code opens the door', async () => {
    const { system, accounts } = world;
    const ticket = await johns();
    const offers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => offer(ticket, 'john', `p${i}@mail.com`)),
    );
    expect(offers.filter(({ status }) => status === 201)).toHaveLength(1);
    const code = await mailedCode();
    const old = await world.code(ticket);
    const tokens = await Promise.all(
      Array.from({ length: 25 }, () =>
        accessToken(system, { client: accounts.clients.web, user: { id: world.mary } as never }),
      ),
    );
    const answers = await Promise.all(
      tokens.flatMap((token) => [
        world.call(`/transfers/${code}/accept`, {
          method: 'POST',
          headers: { authorization: `Bearer ${token}` },
        }),
        world.call(`/tickets/${ticket.id}/transfer`, { who: 'john', method: 'DELETE' }),
      ]),
    );
    const won = answers.filter(({ status }) => status === 200 || status === 204);
    expect(won).toHaveLength(1);
    const accepted = won[0]?.status === 200;
    expect(await scanned(old)).toMatchObject(accepted ? { reason: 'revoked' } : { result: 'accepted' });
    if (accepted) expect(await scanned(won[0]?.body.ticket.qr_code)).toMatchObject({ result: 'accepted' });
  });
});

describe('a reissue', () => {
  it('ends an offer as taking it back does: its code opens nothing, and a new offer can be made', async () => {
    const ticket = await johns();
    await offer(ticket);
    const code = await mailedCode();
    const reissue = () => world.call(`/tickets/${ticket.id}/reissue`, { who: 'seller', method: 'POST' });
    expect((await reissue()).status).toBe(200);
    const refused = await accept(code);
    expect([refused.status, refused.body.transfer_status]).toEqual([409, 'cancelled']);
    const told = () =>
      world.sql('SELECT type FROM change WHERE subject_id = $1 ORDER BY sequence', ticket.id);
    const once = [
      { type: 'ticket.transfer_offered' },
      { type: 'ticket.reissued' },
      { type: 'ticket.transfer_cancelled' },
    ];
    expect(await told()).toEqual(once);
    expect((await reissue()).status).toBe(200);
    expect(await told()).toEqual([...once, { type: 'ticket.reissued' }]);
    expect((await offer(ticket)).status).toBe(201);
  });

  it('and an acceptance at once: one of them wins, and one code is good', async () => {
    for (let round = 0; round < 5; round++) {
      const ticket = await johns();
      await offer(ticket);
      const code = await mailedCode();
      const [accepted] = await Promise.all([
        accept(code),
        world.call(`/tickets/${ticket.id}/reissue`, { who: 'seller', method: 'POST' }),
      ]);
      const transfers = await world.sql('SELECT status FROM transfer WHERE ticket_id = $1', ticket.id);
      expect(transfers).toEqual([{ status: accepted.status === 200 ? 'accepted' : 'cancelled' }]);
    }
  });
});
