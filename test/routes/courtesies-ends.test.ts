import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expireCourtesies } from '../../src/services/courtesies/end.ts';
import { runChecks } from '../../src/services/verify/run.ts';
import { type DoorWorld, doorWorld, fromNow, HOUR } from '../helpers/ticket-factories.ts';

let world: DoorWorld;
beforeAll(async () => {
  world = await doorWorld();
});
afterAll(() => world.close());

// biome-ignore lint/suspicious/noExplicitAny: bodies are compared whole
type Body = any;
const one = async (more: Record<string, unknown> = {}): Promise<Body> => {
  const { event_id, standing } = world.tonight;
  const guests = [{ first_name: 'Guest' }];
  const body = { event_id, ticket_type_id: standing, guests, ...more };
  return (await world.call('/courtesies', { body })).body.courtesies[0];
};
const read = async (id: string): Promise<Body> => (await world.call(`/courtesies/${id}`)).body.courtesy;
const sold = async () =>
  (
    await world.sql<{ sold: number }>(
      'SELECT sold FROM event_section WHERE event_id = $1 AND section_id = $2',
      ...[world.tonight.event_id, world.tonight.floor],
    )
  )[0]?.sold;
const remove = (id: string, headers = {}) => world.call(`/courtesies/${id}`, { method: 'DELETE', headers });
const scan = async (ticket_id: string) =>
  (await world.call('/validations', { body: { event_id: world.tonight.event_id, ticket_id } })).body
    .validation;

describe('the end of a courtesy', () => {
  it('revoked: its code is dead, its place free, once', async () => {
    const before = await sold();
    const { id, ticket_id } = await one();
    const code = await world.code({ id: ticket_id });
    expect((await remove(id, { 'if-match': '"old"' })).status).toBe(412);
    const both = await Promise.all([remove(id), remove(id)]);
    expect(both.map(({ status }) => status).sort()).toEqual([204, 409]);
    expect(await read(id)).toMatchObject({ status: 'revoked', ticket_id });
    expect(await sold()).toBe(before);
    expect((await world.scan(code)).body.validation.reason).toBe('revoked');
  });

  it('is not for one whose guest is in, raced with the door', async () => {
    for (let round = 0; round < 10; round++) {
      const before = (await sold()) ?? 0;
      const { id, ticket_id } = await one();
      const [deleted, let_in] = await Promise.all([remove(id), scan(ticket_id)]);
      expect([deleted.status, let_in.result]).toEqual(
        let_in.result === 'accepted' ? [409, 'accepted'] : [204, 'rejected'],
      );
      expect(await sold()).toBe(before + (let_in.result === 'accepted' ? 1 : 0));
    }
  });

  it('by its time: unused ones and those never approved end; those that were used stay', async () => {
    const before = (await sold()) ?? 0;
    const expires_at = fromNow(HOUR).toISOString();
    const [unused, used, waiting] = [
      await one({ expires_at }),
      await one({ expires_at }),
      await one({ expires_at, approval: true }),
    ];
    await scan(used.ticket_id);
    expect(await expireCourtesies(world.system)).toBe(0);
    await world.sql(
      `UPDATE courtesy SET expires_at = now() - interval '1 second' WHERE expires_at = $1`,
      expires_at,
    );
    const late = await world.call(`/courtesies/${waiting.id}/approve`, { method: 'POST' });
    expect(late.status).toBe(409);
    const rounds = await Promise.all([expireCourtesies(world.system), expireCourtesies(world.system)]);
    expect(rounds[0] + rounds[1]).toBe(2);
    expect((await read(unused.id)).status).toBe('expired');
    expect((await read(used.id)).status).toBe('issued');
    expect((await read(waiting.id)).status).toBe('expired');
    expect(await sold()).toBe(before + 1);
    expect((await scan(unused.ticket_id)).reason).toBe('revoked');
  });

  it('of one that staff made void gives its place back as well', async () => {
    const before = await sold();
    const { id, ticket_id } = await one();
    await world.call(`/tickets/${ticket_id}/void`, { method: 'POST' });
    expect(await sold()).toBe((before ?? 0) + 1);
    expect((await remove(id)).status).toBe(204);
    expect(await sold()).toBe(before);
  });
});

it('the report of the event counts them beside what is sold', async () => {
  await one();
  const { report } = (await world.call(`/events/${world.tonight.event_id}/report`)).body;
  const [{ n }] = (await world.sql<{ n: number }>(
    `SELECT count(*)::int AS n FROM courtesy WHERE status = 'issued'`,
  )) as [{ n: number }];
  const { capacity, sold, courtesy, held, blocked, free } = report.totals;
  expect(courtesy).toBe(n);
  expect(sold + courtesy + held + blocked + free).toBe(capacity);
  const floor = report.sections.find((s: Body) => s.section_id === world.tonight.floor);
  expect(floor).toMatchObject({ courtesy: n, sold: 0 });
  const type = report.ticket_types.find((t: Body) => t.ticket_type_id === world.tonight.standing);
  expect(type).toMatchObject({ courtesy: n, sold: 0 });
});

it('the books agree after all of it', async () => {
  const client = await world.system.db.pool.connect();
  const { findings } = await runChecks(client).finally(() => client.release());
  const ours = findings.filter(({ name }) => /courtesy|quota|section|entries|within/.test(name));
  expect(ours.filter(({ breaches }) => breaches)).toEqual([]);
});
