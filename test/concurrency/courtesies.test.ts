import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runJobs } from '../../src/jobs/worker.ts';
import { runChecks } from '../../src/services/verify/run.ts';
import { type DoorWorld, doorWorld } from '../helpers/ticket-factories.ts';

let world: DoorWorld;
beforeAll(async () => {
  world = await doorWorld();
});
afterAll(() => world.close());

const CALLERS = 50;

/** Asks until it is not told to come back: 503 when the server is busy. */
async function patiently<T extends { status: number }>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer.status !== 503) return answer;
  }
}
const guests = (count: number) => Array.from({ length: count }, (_, i) => ({ first_name: `Guest ${i}` }));
const stock = async (section_id: number) =>
  (
    await world.sql<{ capacity: number; held: number; sold: number }>(
      'SELECT capacity, held, sold FROM event_section WHERE event_id = $1 AND section_id = $2',
      ...[world.tonight.event_id, section_id],
    )
  )[0] as { capacity: number; held: number; sold: number };

async function booksAgree(): Promise<void> {
  const client = await world.system.db.pool.connect();
  const { findings } = await runChecks(client).finally(() => client.release());
  const ours = findings.filter(({ name }) => /courtesy|quota|section|seat/.test(name));
  expect(ours.filter(({ breaches }) => breaches)).toEqual([]);
}

describe('courtesies and sales at once, 50 of them', () => {
  it('never give or sell a place beyond the stock of a section', async () => {
    const { event_id, standing, floor } = world.tonight;
    await world.sql('UPDATE event_section SET capacity = 30 WHERE section_id = $1', floor);
    const item = { ticket_type_id: standing, quantity: 1 };
    const answers = await Promise.all(
      Array.from({ length: CALLERS }, (_, i) =>
        patiently(() =>
          i % 2
            ? world.call('/carts', { who: 'buyer', body: { items: [item] } })
            : world.call('/courtesies', { body: { event_id, ticket_type_id: standing, guests: guests(1) } }),
        ),
      ),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(30);
    const refused = answers.filter(({ status }) => status !== 201);
    expect(refused.map(({ body }) => body.code)).toEqual(Array(20).fill('sold_out'));
    const { held, sold } = await stock(floor);
    expect(held + sold).toBe(30);
    await booksAgree();
  });

  it('nor a seat twice, chosen or picked', async () => {
    const { event_id, seated, map_id } = world.tonight;
    const seats = await world.sql<{ id: number }>(
      'SELECT id FROM seat WHERE map_id = $1 ORDER BY id',
      map_id,
    );
    const at = (i: number) => (seats[(i * 7) % seats.length] as { id: number }).id;
    const answers = await Promise.all(
      Array.from({ length: CALLERS }, (_, i) =>
        patiently(() => {
          if (i % 3 === 0)
            return world.call('/carts', {
              ...{ who: 'buyer' },
              body: { items: [{ ticket_type_id: seated, seat_ids: [at(i)] }] },
            });
          const guest = { first_name: 'Guest', ...(i % 3 === 1 && { seat_id: at(i) }) };
          return world.call('/courtesies', { body: { event_id, ticket_type_id: seated, guests: [guest] } });
        }),
      ),
    );
    const made = answers.filter(({ status }) => status === 201).length;
    const [taken] = await world.sql<{ n: number }>(
      `SELECT count(*)::int AS n FROM event_seat WHERE event_id = $1 AND status IN ('held', 'sold')`,
      event_id,
    );
    expect(taken?.n).toBe(made);
    expect(made).toBeGreaterThan(10);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201, 409]));
    await booksAgree();
  });

  it('finds what holds that have ended leave: nobody is told sold out for their sake', async () => {
    const { event_id, standing, floor } = world.tonight;
    await world.sql(
      `UPDATE cart SET expires_at = now() - interval '1 second' WHERE status = 'open'
         AND id IN (SELECT cart_id FROM sale_detail WHERE section_id = $1 AND status = 'held')`,
      floor,
    );
    const { held } = await stock(floor);
    expect(held).toBeGreaterThan(0);
    const { status } = await world.call('/courtesies', {
      body: { event_id, ticket_type_id: standing, guests: guests(held) },
    });
    expect(status).toBe(201);
    expect(await stock(floor)).toMatchObject({ held: 0, sold: 30 });
    await booksAgree();
  });
});

describe('more than 50', () => {
  const giveMany = (count: number, more = {}) =>
    world.call('/courtesies', {
      body: {
        ...{ event_id: world.tonight.event_id, ticket_type_id: world.tonight.standing },
        ...{ guests: guests(count), ...more },
      },
    });
  const ended = async (id: string) => {
    await runJobs(world.system);
    return (await world.call(`/jobs/${id}`)).body.job;
  };

  it('are a job: all or none in mode atomic', async () => {
    const { floor } = world.tonight;
    await world.sql('UPDATE event_section SET capacity = sold + 120 WHERE section_id = $1', floor);
    const before = (await stock(floor)).sold;
    const first = await giveMany(121);
    expect([first.status, first.body.job.status]).toEqual([202, 'queued']);
    const failed = await ended(first.body.job.id);
    expect([failed.status, failed.error.code]).toEqual(['failed', 'sold_out']);
    expect((await stock(floor)).sold).toBe(before);
    const second = await ended((await giveMany(120, { note: 'All' })).body.job.id);
    expect(second).toMatchObject({
      ...{ kind: 'courtesies', status: 'succeeded', progress: { done: 120, total: 120 } },
      result: { courtesies: { issued: 120, requested: 0, refused: 0, rows: [] } },
    });
    expect((await stock(floor)).sold).toBe(before + 120);
    const list = await world.call(`/courtesies?job_id=${second.id}`);
    expect(list.headers['x-total']).toBe('120');
    await booksAgree();
  });

  it('in mode each give what there is, and list who got none', async () => {
    await world.call(`/events/${world.tonight.event_id}/hosts`, { body: { host: 'Club', quota: 70 } });
    await world.sql(
      'UPDATE event_section SET capacity = sold + 60 WHERE section_id = $1',
      world.tonight.floor,
    );
    const csv = [
      'first_name,email',
      ...Array.from({ length: 80 }, (_, i) => `G${i},${i === 3 ? 'x' : ''}`),
    ].join('\n');
    const { body } = await giveMany(0, { guests: undefined, csv, mode: 'each', host: 'Club' });
    const { result } = await ended(body.job.id);
    expect(result.courtesies).toMatchObject({ issued: 60, refused: 20 });
    const codes = result.courtesies.rows.map(({ row, code }: { row: number; code: string }) => [row, code]);
    expect(codes[0]).toEqual([4, 'validation_failed']);
    expect(new Set(codes.slice(1).map(([, code]: [number, string]) => code))).toEqual(
      new Set(['sold_out', 'limit_exceeded']),
    );
    const { hosts } = (await world.call(`/events/${world.tonight.event_id}/hosts`)).body;
    expect(hosts).toMatchObject([{ host: 'Club', used: 60 }]);
    await booksAgree();
  });
});
