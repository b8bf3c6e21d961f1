import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expireCourtesies } from '../../src/services/courtesies/end.ts';
import { type ApiWorld, apiWorld } from '../helpers/api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await apiWorld();
});
afterAll(() => world.close());

const sql = async <Row = Record<string, unknown>>(text: string, ...values: unknown[]): Promise<Row[]> =>
  (await world.system.db.pool.query(text, values)).rows as Row[];

/** Offers a ticket of John's and gives the code that the mail brings. */
async function offered(ticket: string): Promise<string> {
  const body = { email: 'mary@mail.com' };
  const answer = await world.call('POST', `/tickets/${ticket}/transfer`, { who: 'john', body });
  expect(answer.statusCode).toBe(201);
  const [mail] = await sql<{ code: string }>(
    "SELECT data ->> 'code' AS code FROM mail WHERE template = 'ticket_transfer' ORDER BY id DESC LIMIT 1",
  );
  return mail?.code as string;
}

const accept = (code: string) => world.call('POST', `/transfers/${code}/accept`, { who: 'mary' });
const offersOf = async (ticket: string) =>
  (await world.call('GET', `/tickets/${ticket}/transfers`, { who: 'seller' })).json().transfers;
const voiding = (ticket: string) => world.call('POST', `/tickets/${ticket}/void`, { who: 'admin' });
const refunding = (cart: string) =>
  world.call('POST', `/carts/${cart}/refunds`, { who: 'seller', body: { reason: 'ill' } });

/** A courtesy that John was given. */
async function courtesy(more: object = {}): Promise<{ id: string; ticket_id: string }> {
  const { event_id, standing } = world;
  const body = { event_id, ticket_type_id: standing, users: [world.accounts.user.id], ...more };
  const answer = await world.call('POST', '/courtesies', { who: 'admin', body });
  expect(answer.statusCode).toBe(201);
  return answer.json().courtesies[0];
}

describe('an offer of a ticket that becomes worthless', () => {
  const ways = {
    voided: async () => {
      const { ticket } = await world.paid('john');
      return { ticket, end: () => voiding(ticket) };
    },
    refunded: async () => {
      const { id, ticket } = await world.paid('john');
      return { ticket, end: () => refunding(id) };
    },
    courtesy_revoked: async () => {
      const { id, ticket_id } = await courtesy();
      return { ticket: ticket_id, end: () => world.call('DELETE', `/courtesies/${id}`, { who: 'admin' }) };
    },
    courtesy_expired: async () => {
      const { id, ticket_id } = await courtesy({
        expires_at: new Date(Date.now() + 3_600_000).toISOString(),
      });
      const end = async () => {
        await sql("UPDATE courtesy SET expires_at = now() - interval '1 second' WHERE id = $1", id);
        expect(await expireCourtesies(world.system)).toBe(1);
        return { statusCode: 200 };
      };
      return { ticket: ticket_id, end };
    },
  };

  it.each(Object.entries(ways))('%s: ends with it, and says why', async (reason, prepare) => {
    const { ticket, end } = await prepare();
    const code = await offered(ticket);
    const before = await offersOf(ticket);
    expect(before).toMatchObject([{ status: 'pending', reason: null, closed_at: null }]);
    expect((await end()).statusCode).toBeLessThan(300);
    expect(await offersOf(ticket)).toEqual([
      { ...before[0], status: 'cancelled', reason, closed_at: expect.any(String) },
    ]);
    const refused = await accept(code);
    expect([refused.statusCode, refused.json()]).toEqual([
      409,
      expect.objectContaining({ code: 'conflict', transfer_status: 'cancelled', reason }),
    ]);
    const declined = await world.call('POST', `/transfers/${code}/decline`, { who: 'mary' });
    expect([declined.statusCode, declined.json().reason]).toEqual([409, reason]);
    expect(
      await sql(
        "SELECT data FROM change WHERE subject_id = $1 AND type = 'ticket.transfer_cancelled'",
        ticket,
      ),
    ).toEqual([{ data: { ticket_id: ticket, event_id: world.event_id, reason } }]);
  });

  it('that had run out before is expired, not cancelled, and nothing is told', async () => {
    const { ticket } = await world.paid('john');
    await offered(ticket);
    await sql("UPDATE transfer SET expires_at = now() - interval '1 second' WHERE ticket_id = $1", ticket);
    expect((await voiding(ticket)).statusCode).toBe(200);
    expect(await offersOf(ticket)).toMatchObject([{ status: 'expired', reason: null }]);
    expect(
      await sql("SELECT FROM change WHERE subject_id = $1 AND type = 'ticket.transfer_cancelled'", ticket),
    ).toEqual([]);
  });

  it('and answered ones stay as they were', async () => {
    const { ticket } = await world.paid('john');
    const code = await offered(ticket);
    expect((await accept(code)).statusCode).toBe(200);
    expect((await voiding(ticket)).statusCode).toBe(200);
    expect(await offersOf(ticket)).toMatchObject([{ status: 'accepted', reason: null }]);
  });
});

describe('raced', () => {
  const ends = { voiding: (_: string, ticket: string) => voiding(ticket), refunding };

  it.each(Object.entries(ends))(
    '25 who accept and 25 %s it: whoever was first, no code opens the door afterwards',
    async (_, end) => {
      for (let round = 0; round < 3; round++) {
        const { id, ticket } = await world.paid('john');
        const code = await offered(ticket);
        const answers = await Promise.all(
          Array.from({ length: 25 }, () => [accept(code), end(id, ticket)]).flat(),
        );
        expect(answers.filter(({ statusCode }) => statusCode >= 500)).toEqual([]);
        const accepted = answers.filter(({ statusCode }, i) => i % 2 === 0 && statusCode === 200);
        expect(accepted.length).toBeLessThanOrEqual(1);
        expect(await offersOf(ticket)).toMatchObject([
          { status: accepted.length ? 'accepted' : 'cancelled' },
        ]);
        const codes = [accepted[0]?.json().ticket.qr_code].filter((found) => found !== undefined);
        for (const qr_code of codes) {
          const { validation } = (
            await world.call('POST', '/validations', {
              who: 'admin',
              body: { qr_code, event_id: world.event_id },
            })
          ).json();
          expect([validation.result, validation.reason]).toEqual(['rejected', 'revoked']);
        }
        expect(await sql('SELECT status FROM ticket WHERE id = $1', ticket)).toEqual([{ status: 'void' }]);
        expect(
          await sql("SELECT FROM transfer WHERE ticket_id = $1 AND status = 'pending'", ticket),
        ).toHaveLength(0);
      }
    },
  );
});
