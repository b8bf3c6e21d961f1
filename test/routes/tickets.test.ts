import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { verifyTicketCode } from '../../src/services/tickets/code.ts';
import { importTicketPublicKeys } from '../../src/services/tickets/keys.ts';
import { type DoorWorld, doorWorld, type Who } from '../helpers/ticket-factories.ts';

let world: DoorWorld;
beforeAll(async () => {
  world = await doorWorld();
});
afterAll(() => world.close());

const idsOf = async (url: string, who: Who, headers = {}) => {
  const { status, body } = await world.call(url, { who, headers });
  return status === 200 ? body.tickets.map(({ id }: { id: string }) => id) : `${status} ${body.code}`;
};
const pos = () => ({ 'x-interface': String(world.accounts.interfaces.pos) });

describe('GET /tickets/:ticket_id', () => {
  it('is the ticket, with a code that the public key verifies', async () => {
    const { tonight, john, accounts } = world;
    const [seat] = await world.sql<{ seat_id: number }>(
      'SELECT seat_id FROM event_seat WHERE event_id = $1 ORDER BY seat_id LIMIT 1 OFFSET 12',
      tonight.event_id,
    );
    const ticket = await world.ticket({
      ...{
        user_id: john,
        ticket_type_id: tonight.seated,
        section_id: tonight.stalls,
        seat_id: seat?.seat_id,
      },
      ...{ first_name: 'John', last_name: 'Doe', document_number: 'X-1' },
    });
    const { status, body, headers } = await world.call(`/tickets/${ticket.id}`, { who: 'john' });
    expect(status).toBe(200);
    expect(body.ticket).toEqual({
      id: ticket.id,
      event_id: tonight.event_id,
      ticket_type_id: tonight.seated,
      interface_id: accounts.interfaces.web,
      cart_id: ticket.cart_id,
      sale_detail_id: expect.any(String),
      section_id: tonight.stalls,
      seat: { id: seat?.seat_id, section: 'Stalls', row: 'B', number: '3' },
      holder: { first_name: 'John', last_name: 'Doe', email: null, document_number: 'X-1' },
      status: 'valid',
      entries: 0,
      qr_code_changes_at: null,
      qr_code: expect.stringMatching(/^[A-Z2-7]{143}$/),
      validated_at: null,
      voided_at: null,
      expires_at: null,
      created_at: expect.stringMatching(/\.\d{3}Z$/),
      updated_at: expect.stringMatching(/\.\d{3}Z$/),
    });
    const keys = importTicketPublicKeys(await world.system.ticketKeys.publicJwks(accounts.company_id));
    expect(verifyTicketCode(body.ticket.qr_code, keys)).toMatchObject({
      ticketId: ticket.id,
      eventId: tonight.event_id,
      serial: 0,
    });
    const again = { 'if-none-match': String(headers.etag) };
    expect((await world.call(`/tickets/${ticket.id}`, { who: 'john', headers: again })).status).toBe(304);
    await world.scan(body.ticket.qr_code);
    const used = await world.call(`/tickets/${ticket.id}`, { who: 'john', headers: again });
    expect([used.status, used.body.ticket.status]).toEqual([200, 'used']);
  });

  it('has no holder when none was named, and no code when it no longer admits', async () => {
    const ticket = await world.ticket({ user_id: world.john });
    const { holder, seat } = (await world.call(`/tickets/${ticket.id}`, { who: 'john' })).body.ticket;
    expect([holder, seat]).toEqual([null, null]);
    for (const status of ['void', 'transferred']) {
      const dead = await world.ticket({ user_id: world.john, status });
      const { body } = await world.call(`/tickets/${dead.id}`, { who: 'john' });
      expect([body.ticket.status, body.ticket.qr_code]).toEqual([status, null]);
    }
  });

  it('is for its user, for the client whose anonymous visitor bought it, for sell and admin', async () => {
    const johns = await world.ticket({ user_id: world.john });
    const anonymous = await world.ticket();
    const seen = async (id: string) => {
      const who = ['john', 'mary', 'buyer', 'stranger', 'seller', 'admin', 'pos', 'reader'] as const;
      const asked = who.map(async (w) => [w, (await world.call(`/tickets/${id}`, { who: w })).status]);
      return Object.fromEntries(await Promise.all(asked));
    };
    const staff = { seller: 200, admin: 200, pos: 404, reader: 403, stranger: 404 };
    expect(await seen(johns.id)).toEqual({ ...staff, john: 200, mary: 404, buyer: 404 });
    expect(await seen(anonymous.id)).toEqual({ ...staff, john: 200, mary: 200, buyer: 200 });
    // Passed on: the buyer's anonymous cart no longer reaches it.
    await world.sql('UPDATE ticket SET user_id = $2 WHERE id = $1', anonymous.id, world.mary);
    expect(await seen(anonymous.id)).toEqual({ ...staff, john: 404, mary: 200, buyer: 404 });
    const elsewhere = await world.call(`/tickets/${johns.id}`, { who: 'both', headers: pos() });
    expect([elsewhere.status, elsewhere.body.code]).toEqual([404, 'not_found']);
  });

  it('that does not exist, or cannot, is not found', async () => {
    for (const id of ['0190a0a0-0000-7000-8000-000000000001', 'x', '5', '%00'])
      expect((await world.call(`/tickets/${id}`)).status).toBe(404);
  });
});

describe('GET /tickets', () => {
  let johns: string[];
  let others: string[];
  let cart_id: string;
  beforeAll(async () => {
    await world.sql('DELETE FROM ticket');
    const { john, mary, tonight, tomorrow } = world;
    const first = await world.ticket({ user_id: john, first_name: 'Zoë', last_name: 'O_Hara' });
    cart_id = first.cart_id;
    const more = { user_id: john, cart_id, email: 'ZOE@mail.com', first_name: 'Zoë', last_name: 'Olsen' };
    const second = await world.ticket({ ...more, ticket_type_id: tonight.again });
    const third = await world.ticket({ ...more, status: 'void', last_name: '100%' });
    const fourth = await world.ticket({ user_id: john, event_id: tomorrow.event_id, ticket_type_id: null });
    johns = [fourth, third, second, first].map(({ id }) => id);
    others = [await world.ticket(), await world.ticket({ user_id: mary })].map(({ id }) => id).reverse();
  });

  it("is the user's own, newest first, with codes", async () => {
    const { body, headers } = await world.call('/tickets', { who: 'john' });
    expect(body.tickets.map(({ id }: { id: string }) => id)).toEqual(johns);
    expect(body.tickets.map(({ qr_code }: { qr_code: string | null }) => qr_code?.length)).toEqual([
      143,
      undefined,
      143,
      143,
    ]);
    expect(headers['x-total']).toBe('4');
    expect(await idsOf('/tickets', 'mary')).toEqual([others[0]]);
  });

  it('is all of the interface for sell and admin', async () => {
    for (const who of ['seller', 'admin', 'both'] as const)
      expect(await idsOf('/tickets', who)).toEqual([...others, ...johns]);
    expect(await idsOf('/tickets', 'pos')).toEqual([]);
  });

  it('is refused to a token that speaks for nobody', async () => {
    expect(await idsOf('/tickets', 'buyer')).toBe('403 user_required');
    expect(await idsOf('/tickets', 'reader')).toBe('403 insufficient_scope');
  });

  it('comes in pages that repeat and skip nothing', async () => {
    const pages = [];
    for (const page of [1, 2, 3, 4])
      pages.push(...(await idsOf(`/tickets?per_page=2&page=${page}`, 'seller')));
    expect(pages).toEqual([...others, ...johns]);
    expect(await idsOf('/tickets?page=999999999&per_page=100', 'seller')).toEqual([]);
    expect(await idsOf('/tickets?page=999999999&per_page=100', 'john')).toEqual([]);
  });

  it('is filtered', async () => {
    const { tonight, tomorrow } = world;
    const [fourth, third, second, first] = johns;
    const filtered = (query: string) => idsOf(`/tickets?${query}`, 'john');
    expect(await filtered(`event_id=${tomorrow.event_id}`)).toEqual([fourth]);
    expect(await filtered(`cart_id=${cart_id}`)).toEqual([third, second, first]);
    expect(await filtered(`ticket_type_id=${tonight.again}`)).toEqual([second]);
    expect(await filtered('status=void')).toEqual([third]);
    expect(await filtered('status=void,valid&per_page=100')).toEqual(johns);
    expect(await filtered('seat_id=1')).toEqual([]);
    const [row] = await world.sql<{ id: string }>(
      'SELECT sale_detail_id AS id FROM ticket WHERE id = $1',
      first,
    );
    expect(await filtered(`sale_detail_id=${row?.id.toUpperCase()}`)).toEqual([first]);
    expect(await filtered(`cart_id=${cart_id}&status=valid&ticket_type_id=${tonight.again}`)).toEqual([
      second,
    ]);
  });

  it('finds holders by words, and one ticket by its id', async () => {
    const [, third, second, first] = johns;
    const found = (q: string, who: Who = 'seller') => idsOf(`/tickets?q=${encodeURIComponent(q)}`, who);
    expect(await found('zoë')).toEqual([third, second, first]);
    expect(await found('zoe')).toEqual([third, second, first]);
    expect(await found('ólsen ZOË')).toEqual([second]);
    expect(await found('zoe ohlsen')).toEqual([]);
    expect(await found('zoe@MAIL')).toEqual([third, second]);
    expect(await found('o_h')).toEqual([first]);
    expect(await found('0%')).toEqual([third]);
    expect(await found('_')).toEqual([first]);
    expect(await found("'; DROP TABLE ticket; --")).toEqual([]);
    expect(await found('\\')).toEqual([]);
    expect(await found((second as string).toUpperCase())).toEqual([second]);
    expect(await found(second as string, 'mary')).toEqual([]);
    expect(await found('zoë', 'mary')).toEqual([]);
  });

  it.each([
    'event_id=x',
    'cart_id=x',
    'status=lost',
    'q=',
    'q=%00',
    `q=${'a'.repeat(201)}`,
    'holder=a',
    'per_page=0',
  ])('?%s is 422', async (query) => {
    expect(await idsOf(`/tickets?${query}`, 'seller')).toMatch(/^422 /);
  });
});

describe('GET /carts/:cart_id/tickets', () => {
  it('is for whoever may reach the cart, less what was passed on', async () => {
    const { john, mary } = world;
    const first = await world.ticket({ user_id: john });
    const second = await world.ticket({ user_id: john, cart_id: first.cart_id });
    const url = `/carts/${first.cart_id}/tickets`;
    expect(await idsOf(url, 'john')).toEqual([second.id, first.id]);
    expect(await idsOf(`${url}?per_page=1&page=2`, 'john')).toEqual([first.id]);
    expect(await idsOf(url, 'seller')).toEqual([second.id, first.id]);
    for (const who of ['mary', 'buyer', 'stranger', 'pos'] as const)
      expect(await idsOf(url, who)).toBe('404 not_found');
    expect(await idsOf(url, 'admin')).toBe('403 insufficient_scope');
    expect(await idsOf(url, 'both', pos())).toBe('404 not_found');
    await world.sql('UPDATE ticket SET user_id = $2 WHERE id = $1', second.id, mary);
    expect(await idsOf(url, 'john')).toEqual([first.id]);
    expect(await idsOf(url, 'seller')).toEqual([second.id, first.id]);
  });

  it('of a cart that an anonymous visitor paid is for its client', async () => {
    const ticket = await world.ticket();
    const url = `/carts/${ticket.cart_id}/tickets`;
    expect(await idsOf(url, 'buyer')).toEqual([ticket.id]);
    expect(await idsOf(url, 'stranger')).toBe('404 not_found');
    expect(await idsOf('/carts/0190a0a0-0000-7000-8000-000000000001/tickets', 'buyer')).toBe('404 not_found');
  });
});

describe('GET /events/:event_id/tickets', () => {
  it('is the list of attendees, for sell and admin', async () => {
    const { elsewhere, accounts, tonight } = world;
    await world.sql('DELETE FROM ticket');
    const ours = await world.ticket({ first_name: 'Ana', user_id: world.john });
    const theirs = await world.ticket({ interface_id: accounts.interfaces.pos });
    await world.ticket({ event_id: world.tomorrow.event_id, ticket_type_id: null });
    const url = `/events/${tonight.event_id}/tickets`;
    for (const who of ['seller', 'admin'] as const) expect(await idsOf(url, who)).toEqual([ours.id]);
    expect(await idsOf(`${url}?q=ana&status=valid`, 'seller')).toEqual([ours.id]);
    expect(await idsOf(`${url}?q=${encodeURIComponent('ÁNA')}`, 'seller')).toEqual([ours.id]);
    expect(await idsOf(`${url}?q=bob`, 'seller')).toEqual([]);
    expect(await idsOf(`${url}?event_id=1`, 'seller')).toBe('422 unknown_field');
    for (const who of ['reader', 'buyer', 'john'] as const)
      expect(await idsOf(url, who)).toBe('403 insufficient_scope');
    expect(await idsOf(`/events/${elsewhere.event_id}/tickets`, 'seller')).toBe('404 not_found');
    expect(await idsOf(`/events/${elsewhere.event_id}/tickets`, 'both', pos())).toEqual([]);
    expect(theirs.id).toBeTruthy();
  });
});

describe('GET /tickets/qr/:qr_code', () => {
  let code: string;
  let id: string;
  beforeEach(async () => {
    const ticket = await world.ticket();
    id = ticket.id;
    code = await world.code(ticket);
  });

  it('is the ticket behind a code, which is not used by it', async () => {
    for (const who of ['seller', 'admin'] as const) {
      const { status, body } = await world.call(`/tickets/qr/${code}`, { who });
      expect([status, body.ticket.id, body.ticket.qr_code, body.ticket.status]).toEqual([
        200,
        id,
        code,
        'valid',
      ]);
    }
    expect((await world.call(`/tickets/qr/${code.toLowerCase()}`)).body.ticket.id).toBe(id);
    expect(await world.sql('SELECT FROM validation WHERE ticket_id = $1', id)).toEqual([]);
  });

  it('is 404 for a code that is none of ours, or of another interface, and 409 for a revoked one', async () => {
    const asked = async (text: string, headers = {}) => {
      const { status, body } = await world.call(`/tickets/qr/${text}`, { who: 'both', headers });
      return `${status} ${body.code}`;
    };
    for (const text of [
      'x',
      encodeURIComponent('../../x'),
      `${code.slice(0, -4)}AAAA`,
      'A'.repeat(450),
      '%00',
    ])
      expect(await asked(text)).toBe('404 not_found');
    expect(await asked(code, pos())).toBe('404 not_found');
    await world.sql('UPDATE ticket SET serial = 1 WHERE id = $1', id);
    expect(await asked(code)).toBe('409 conflict');
  });

  it('is not for buyers', async () => {
    for (const who of ['reader', 'buyer', 'john'] as const)
      expect((await world.call(`/tickets/qr/${code}`, { who })).status).toBe(403);
  });
});
