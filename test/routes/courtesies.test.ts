import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runChecks } from '../../src/services/verify/run.ts';
import { type DoorWorld, doorWorld, fromNow } from '../helpers/ticket-factories.ts';

let world: DoorWorld;
beforeAll(async () => {
  world = await doorWorld();
});
afterAll(() => world.close());

// biome-ignore lint/suspicious/noExplicitAny: bodies are compared whole
type Body = any;
const give = (body: Record<string, unknown>, headers = {}) =>
  world.call('/courtesies', {
    body: { event_id: world.tonight.event_id, ticket_type_id: world.tonight.standing, ...body },
    headers,
  });
const guests = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ first_name: `Guest ${i}`, email: `guest${i}@mail.com` }));
const read = async (id: string): Promise<Body> => (await world.call(`/courtesies/${id}`)).body.courtesy;
const sold = async (section_id = world.tonight.floor) =>
  (
    await world.sql<{ sold: number }>(
      'SELECT sold FROM event_section WHERE event_id = $1 AND section_id = $2',
      world.tonight.event_id,
      section_id,
    )
  )[0]?.sold;

describe('courtesies for guests', () => {
  it('are given at once: each a place and a ticket, told guest by guest', async () => {
    const before = await sold();
    const { status, body } = await give({
      guests: [{ first_name: 'Ada', last_name: 'Lovelace', email: 'ada@mail.com' }, { first_name: 'Alan' }],
      note: 'Press',
    });
    expect(status).toBe(201);
    const [ada, alan] = body.courtesies;
    expect(ada).toEqual({
      ...{ row: 1, id: expect.any(String), status: 'issued', event_id: world.tonight.event_id, seat: null },
      ...{ interface_id: world.accounts.interfaces.web, ticket_type_id: world.tonight.standing },
      ...{ section_id: world.tonight.floor, host: null, user_id: null, ticket_id: expect.any(String) },
      guest: { first_name: 'Ada', last_name: 'Lovelace', email: 'ada@mail.com', document_number: null },
      ...{ admitted_at: null, job_id: null, note: 'Press', reason: null, decided_at: null, expires_at: null },
      ...{ created_at: expect.any(String), updated_at: expect.any(String), problem: null },
    });
    expect(alan).toMatchObject({ row: 2, guest: { first_name: 'Alan', email: null } });
    expect(await sold()).toBe((before ?? 0) + 2);
    const { ticket } = (await world.call(`/tickets/${ada.ticket_id}`)).body;
    expect(ticket).toMatchObject({ status: 'valid', cart_id: null, holder: { first_name: 'Ada' } });
    const { row: _, problem: _1, ...courtesy } = ada;
    expect(await read(ada.id)).toEqual(courtesy);
    const changes = await world.sql('SELECT type FROM change WHERE subject_id = ANY($1)', [
      ada.id,
      ada.ticket_id,
    ]);
    expect(changes.map(({ type }) => type).sort()).toEqual(['courtesy.issued', 'ticket.issued']);
    expect((await world.scan(await world.code({ id: ada.ticket_id }))).body.validation.result).toBe(
      'accepted',
    );
    expect((await read(ada.id)).admitted_at).toMatch(/Z$/);
  });

  it('take the seat that is asked for, or the best free ones, and never one twice', async () => {
    const { seated, event_id } = world.tonight;
    const [wanted, taken] = await world.sql<{ id: number }>(
      `SELECT s.id FROM seat s JOIN event_seat e ON e.seat_id = s.id WHERE e.event_id = $1 ORDER BY s.id DESC LIMIT 2`,
      event_id,
    );
    await world.sql(`UPDATE event_seat SET status = 'blocked' WHERE seat_id = $1`, taken?.id);
    const { body } = await give({
      ticket_type_id: seated,
      guests: [{ first_name: 'Eva', seat_id: wanted?.id }, ...guests(3)],
    });
    expect(body.courtesies[0]).toMatchObject({ seat: { id: wanted?.id }, section_id: world.tonight.stalls });
    const seats = body.courtesies.map(({ seat }: Body) => seat.id);
    expect(new Set(seats).size).toBe(4);
    const best = await world.sql<{ id: number }>(
      `SELECT s.id FROM seat s WHERE s.map_id = $1 AND NOT s.accessible AND s.companion_of IS NULL ORDER BY s.rank, s.id LIMIT 3`,
      world.tonight.map_id,
    );
    expect(seats.slice(1).sort()).toEqual(best.map(({ id }) => id).sort());
    for (const seat_id of [wanted?.id, taken?.id, 999_999]) {
      const refused = await give({ ticket_type_id: seated, guests: [{ first_name: 'Eva', seat_id }] });
      expect([refused.status, refused.body.unavailable_seat_ids]).toEqual([409, [seat_id]]);
    }
    const twice = await give({
      ticket_type_id: seated,
      mode: 'each',
      guests: [2, 2].map(() => ({ first_name: 'Eva', seat_id: (best[0]?.id ?? 0) + 5 })),
    });
    expect(twice.body.courtesies.map(({ status }: Body) => status)).toEqual(['issued', 'refused']);
  });

  it('are for users, with what is known of them', async () => {
    const { body } = await give({ users: [world.john] });
    expect(body.courtesies[0]).toMatchObject({
      user_id: world.john,
      guest: { first_name: expect.any(String) },
    });
    const mine = await world.call('/tickets', { who: 'john' });
    expect(mine.body.tickets.map(({ id }: Body) => id)).toContain(body.courtesies[0].ticket_id);
    const refused = await give({ users: [world.john, 999_999] });
    expect([refused.status, refused.body.errors]).toEqual([
      422,
      [{ pointer: '/users/1', code: 'not_found', message: 'No such user.' }],
    ]);
  });

  it('come in a CSV: bad rows are listed; good ones are kept in mode each only', async () => {
    const csv = [
      'First name;Last name;email;seat_id',
      'Ada;Lovelace;ada@mail.com;',
      ';Nobody;x@mail.com;',
      '"Grace; the";Hopper;not an address;',
      'Linus;;;',
      'Ken;Thompson;;abc',
      'Too;many;cells@mail.com;;extra',
    ].join('\r\n');
    const before = await sold();
    const atomic = await give({ csv });
    expect(atomic.status).toBe(422);
    expect(atomic.body.errors.map(({ pointer }: Body) => pointer)).toEqual([
      ...['/csv/2/first_name', '/csv/3/email', '/csv/5/seat_id', '/csv/6'],
    ]);
    expect(await sold()).toBe(before);
    const each = (await give({ csv: `\uFEFF${csv}`, mode: 'each' })).body.courtesies;
    expect(each.map(({ row, status }: Body) => [row, status])).toEqual([
      ...[
        [1, 'issued'],
        [2, 'refused'],
        [3, 'refused'],
        [4, 'issued'],
        [5, 'refused'],
        [6, 'refused'],
      ],
    ]);
    expect(each[1]).toMatchObject({
      ...{ id: null, ticket_id: null },
      problem: {
        code: 'validation_failed',
        errors: [{ pointer: '/csv/2/first_name', code: 'required', message: 'Required.' }],
      },
    });
    expect(await sold()).toBe((before ?? 0) + 2);
  });

  it('come as text/csv, with the rest in the query', async () => {
    const { event_id, standing } = world.tonight;
    const send = (query: string, csv: string | Buffer, type = 'text/csv') =>
      world.call(`/courtesies?event_id=${event_id}&ticket_type_id=${standing}${query}`, {
        body: csv,
        headers: { 'content-type': type },
      });
    const before = await sold();
    const { status, body } = await send(
      '&mode=each&mail=false&note=From%20a%20file',
      'first_name,email\nAda,file@mail.com\nAlan,no\n',
    );
    expect(status).toBe(201);
    expect(body.courtesies.map(({ row, status, note }: Body) => [row, status, note])).toEqual([
      [1, 'issued', 'From a file'],
      [2, 'refused', 'From a file'],
    ]);
    expect(body.courtesies[1].problem.errors[0].pointer).toBe('/csv/2/email');
    expect(await world.sql("SELECT 1 FROM mail WHERE to_email = 'file@mail.com'")).toEqual([]);
    const waiting = await send('&approval=true', 'first_name\nEva');
    expect(waiting.body.courtesies[0].status).toBe('requested');
    expect(await sold()).toBe((before ?? 0) + 1);
    const pointers = async (query: string, csv: string | Buffer, type?: string) => {
      const refused = await send(query, csv, type);
      return [refused.status, refused.body.errors?.[0].pointer ?? refused.body.code];
    };
    expect(await pointers('&approval=perhaps', 'first_name\nEva')).toEqual([422, '/query/approval']);
    expect(await pointers('&mode=some', 'first_name\nEva')).toEqual([422, '/query/mode']);
    expect(await pointers('&guests=1', 'first_name\nEva')).toEqual([422, '/query/guests']);
    expect(await pointers('', 'name\nEva')).toEqual([422, '/csv']);
    expect(await pointers('', Buffer.from([0xff, 0xfe, 0x41]))).toEqual([400, 'invalid_request']);
    expect(await pointers('', 'first_name\nEva', 'text/plain')).toEqual([415, 'unsupported_media_type']);
    const elsewhere = await world.call(`/events/${event_id}/hosts`, {
      ...{ body: 'host,quota\nPress,5', headers: { 'content-type': 'text/csv' } },
    });
    expect(elsewhere.status).toBe(415);
  });

  it('can be tried: the same answer, of more than 50, too, and nothing given', async () => {
    const tables = async () =>
      (
        await world.sql(
          `SELECT (SELECT count(*)::int FROM courtesy) AS courtesies, (SELECT count(*)::int FROM ticket) AS tickets,
             (SELECT count(*)::int FROM mail) AS mails, (SELECT count(*)::int FROM job) AS jobs,
             (SELECT sum(sold)::int FROM event_section) AS sold`,
        )
      )[0];
    const before = await tables();
    const body = { event_id: world.tonight.event_id, ticket_type_id: world.tonight.standing };
    const csv = `first_name,email\n${'Guest,guest@mail.com\n'.repeat(60)}Bad,no\n`;
    const many = await world.call('/courtesies?dry_run=true', { body: { ...body, csv, mode: 'each' } });
    expect([many.status, many.headers['x-dry-run'], many.body.courtesies.length]).toEqual([200, 'true', 61]);
    expect(many.body.courtesies.map(({ status }: Body) => status)).toEqual([
      ...Array(60).fill('issued'),
      'refused',
    ]);
    const tooMany = await world.call('/courtesies?dry_run=true', {
      body: { ...body, guests: guests(1_000) },
    });
    expect([tooMany.status, tooMany.body.code]).toEqual([409, 'sold_out']);
    expect(await tables()).toEqual(before);
  });

  it('that is no table of guests is 422', async () => {
    for (const csv of ['name\nAda', 'first_name', 'first_name,first_name\na,b', 'first_name\n"Ada']) {
      const refused = await give({ csv });
      expect([csv, refused.status, refused.body.errors?.[0].pointer]).toEqual([csv, 422, '/csv']);
    }
  });

  it('are refused for what is not there: event, type, section, host, a time that is past, a draft', async () => {
    const pointers = async (body: object) => {
      const refused = await give({ guests: guests(1), ...body });
      return [refused.status, refused.body.errors?.[0].pointer ?? refused.body.code];
    };
    expect(await pointers({ event_id: world.elsewhere.event_id })).toEqual([404, 'not_found']);
    expect(await pointers({ ticket_type_id: 999_999 })).toEqual([422, '/ticket_type_id']);
    expect(await pointers({ section_id: world.tonight.stalls })).toEqual([422, '/section_id']);
    expect(await pointers({ host: 'Nobody' })).toEqual([422, '/host']);
    expect(await pointers({ expires_at: fromNow(-1).toISOString() })).toEqual([422, '/expires_at']);
    expect(await pointers({ users: [1] })).toEqual([422, '/guests']);
  });

  it('are replayed under their Idempotency-Key', async () => {
    const headers = { 'idempotency-key': 'courtesy-1' };
    const first = await give({ guests: guests(2) }, headers);
    const again = await give({ guests: guests(2) }, headers);
    expect([again.headers['idempotent-replayed'], again.body]).toEqual(['true', first.body]);
  });
});

it('the books agree after all of it', async () => {
  const client = await world.system.db.pool.connect();
  const { findings } = await runChecks(client).finally(() => client.release());
  const ours = findings.filter(({ name }) => /courtesy|quota|section|entries|within/.test(name));
  expect(ours.filter(({ breaches }) => breaches)).toEqual([]);
  expect(ours.length).toBeGreaterThan(6);
});
