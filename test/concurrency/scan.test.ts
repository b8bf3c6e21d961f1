import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Context } from '../../src/context.ts';
import { scan } from '../../src/services/validations/scan.ts';
import { executeScans, type ScanCommand } from '../../src/services/validations/scan-batch.ts';
import { undoValidation } from '../../src/services/validations/undo.ts';
import type { System } from '../../src/system.ts';
import { channelOf, contextOf } from '../helpers/context.ts';
import { makeSystem } from '../helpers/sales-world.ts';
import { type DoorWorld, doorWorld, type TestTicket } from '../helpers/ticket-factories.ts';

const GATES = 20;

let world: DoorWorld;
/** Server processes of their own on the same database: nothing but PostgreSQL stands between them. */
let systems: System[];
let contexts: Context[];
beforeAll(async () => {
  world = await doorWorld();
  const url = world.system.db.pool.options.connectionString as string;
  systems = Array.from({ length: GATES }, () => makeSystem(url, 2));
  const channel = await channelOf(world.system, world.accounts.interfaces.web);
  contexts = systems.map((system) =>
    contextOf(system, { interface: channel, scopes: ['admin'], client_id: 'gate' }),
  );
});
afterAll(async () => {
  await Promise.all(systems.map((system) => system.close()));
  await world.close();
});

const at = (i: number) => contexts[i % GATES] as Context;
const everywhere = <T>(work: (ctx: Context, i: number) => Promise<T>): Promise<T[]> =>
  Promise.all(contexts.map((ctx, i) => work(ctx, i)));
const body = (qr_code: string, more = {}) => ({ qr_code, event_id: world.tonight.event_id, ...more });
const state = async ({ id }: TestTicket) =>
  (await world.sql('SELECT status, entries, inside FROM ticket WHERE id = $1', id))[0];
const countOf = async (sql: string, ...values: unknown[]) =>
  (await world.sql<{ n: number }>(`SELECT count(*)::int AS n FROM ${sql}`, ...values))[0]?.n;

describe('the same code at 20 gates at once', () => {
  it('lets one in and tells 19 that it is used; all 20 are kept', async () => {
    for (let round = 0; round < 5; round++) {
      const ticket = await world.ticket();
      const code = await world.code(ticket);
      const scans = await everywhere((ctx) => scan(ctx, body(code)));
      expect(scans.filter(({ result }) => result === 'accepted')).toHaveLength(1);
      expect(scans.filter(({ reason }) => reason === 'already_used')).toHaveLength(GATES - 1);
      expect(await state(ticket)).toEqual({ status: 'used', entries: 1, inside: 1 });
      expect(await countOf('validation WHERE ticket_id = $1', ticket.id)).toBe(GATES);
      expect(await countOf(`change WHERE type = 'ticket.validated' AND subject_id = $1`, ticket.id)).toBe(1);
    }
  });

  it('over HTTP as well, and in one batch of one process', async () => {
    const ticket = await world.ticket();
    const code = await world.code(ticket);
    const answers = await Promise.all(Array.from({ length: GATES }, () => world.scan(code)));
    expect(answers.map(({ status }) => status)).toEqual(Array(GATES).fill(201));
    const accepted = answers.filter((answer) => answer.body.validation.result === 'accepted');
    expect(accepted).toHaveLength(1);
    expect(await state(ticket)).toEqual({ status: 'used', entries: 1, inside: 1 });
  });

  it('of a group of three lets three in', async () => {
    const ticket = await world.ticket({ ticket_type_id: world.tonight.group });
    const code = await world.code(ticket);
    const scans = await everywhere((ctx) => scan(ctx, body(code)));
    expect(scans.filter(({ result }) => result === 'accepted')).toHaveLength(3);
    expect(await state(ticket)).toEqual({ status: 'used', entries: 3, inside: 3 });
  });

  it('under one nonce is one scan, accepted everywhere', async () => {
    const ticket = await world.ticket();
    const code = await world.code(ticket);
    const scans = await everywhere((ctx) => scan(ctx, body(code, { nonce: 'one' })));
    expect(new Set(scans.map(({ id }) => id)).size).toBe(1);
    expect(scans.every(({ result }) => result === 'accepted')).toBe(true);
    expect(await countOf('validation WHERE ticket_id = $1', ticket.id)).toBe(1);
  });

  it('under one nonce is one scan also when it is no ticket, which nothing locks', async () => {
    for (let round = 0; round < 5; round++) {
      const scans = await everywhere((ctx) => scan(ctx, body('nonsense', { nonce: `none-${round}` })));
      expect(new Set(scans.map(({ id }) => id)).size).toBe(1);
    }
    expect(await countOf(`validation WHERE nonce LIKE 'none-%'`)).toBe(5);
  });

  it('under one Idempotency-Key has one effect', async () => {
    const ticket = await world.ticket();
    const code = await world.code(ticket);
    const keyed = { headers: { 'idempotency-key': 'same' } };
    const answers = await Promise.all(Array.from({ length: GATES }, () => world.scan(code, {}, keyed)));
    const scans = answers.flatMap(({ status, body }) => (status === 201 ? [body.validation.id] : []));
    expect(new Set(scans).size).toBe(1);
    const others = answers.filter(({ status }) => status !== 201);
    for (const other of others)
      expect([other.status, other.body.code]).toEqual([409, 'idempotency_in_progress']);
    expect(await countOf('validation WHERE ticket_id = $1', ticket.id)).toBe(1);
    expect((await world.scan(code, {}, keyed)).body.validation.id).toBe(scans[0]);
  });
});

describe('batches', () => {
  it('that share tickets in other orders wait for each other and never in a ring', async () => {
    const tickets = await Promise.all(Array.from({ length: 12 }, () => world.ticket()));
    const door = await world.system.doors.of(world.system, world.accounts.company_id, world.tonight.event_id);
    const command = (ticket: TestTicket, i: number, ctx: Context): ScanCommand => ({
      ctx,
      attempt: {
        ...{ door, gate_id: null, direction: 'entry', scanned_at: new Date(), force: false },
        claims: { ticketId: ticket.id, eventId: ticket.event_id, serial: 0 },
      },
      nonce: `ring-${i}`,
      force_reason: null,
    });
    const outcomes = await everywhere((ctx, gate) => {
      const commands = tickets.map((ticket, i) => command(ticket, gate * 100 + i, ctx));
      const turned = [...commands.slice(gate % 12), ...commands.slice(0, gate % 12)];
      return executeScans(ctx.system, ctx.company_id, gate % 2 ? turned : turned.reverse());
    });
    const results = outcomes
      .flat()
      .map((outcome) => ('result' in outcome ? outcome.result.result : 'refused'));
    expect(results.filter((result) => result === 'accepted')).toHaveLength(12);
    expect(results.filter((result) => result === 'rejected')).toHaveLength(12 * (GATES - 1));
  });

  it('are judged in the order of arrival: in, out and in again within one', async () => {
    const ticket = await world.ticket({ ticket_type_id: world.tonight.again });
    const code = await world.code(ticket);
    await scan(at(0), body(code, { direction: 'exit' })); // its signature is known from here on: nothing is waited for
    const turns = ['entry', 'entry', 'exit', 'entry', 'exit', 'exit'] as const;
    const scans = await Promise.all(turns.map((direction) => scan(at(0), body(code, { direction }))));
    expect(scans.map(({ reason, result }) => reason ?? result)).toEqual([
      ...['accepted', 'already_used', 'accepted', 'accepted', 'accepted', 'not_inside'],
    ]);
    expect(await state(ticket)).toEqual({ status: 'valid', entries: 0, inside: 0 });
    expect(scans.map(({ ticket }) => ticket?.entries)).toEqual([1, 1, 0, 1, 0, 0]);
  });
});

describe('scans, undoing, voiding and reissuing at once', () => {
  it('leave the entries of every ticket the sum of its scans', async () => {
    const tickets = await Promise.all(
      Array.from({ length: 6 }, (_, i) =>
        world.ticket({
          ticket_type_id: [world.tonight.again, world.tonight.group, world.tonight.standing][i % 3],
        }),
      ),
    );
    const codes = await Promise.all(tickets.map((ticket) => world.code(ticket)));
    await everywhere(async (ctx, gate) => {
      for (let turn = 0; turn < 12; turn++) {
        const i = (gate * 7 + turn) % 6;
        const direction = (gate + turn) % 3 ? 'entry' : 'exit';
        const made = await scan(ctx, body(codes[i] as string, { direction, force: turn % 5 === 0 }));
        if (made.result === 'accepted' && turn % 2) await undoValidation(ctx, made.id).catch(() => {});
      }
    });
    await world.call(`/tickets/${tickets[0]?.id}/void`, { method: 'POST' });
    const rows = await world.sql<Record<string, number | string>>(
      `SELECT t.status, t.entries, t.inside, coalesce(y.max_entries, 1) AS max_entries,
         coalesce(sum(v.net) FILTER (WHERE v.undone_at IS NULL), 0)::int AS net,
         (count(*) FILTER (WHERE v.result = 'accepted' AND v.undone_at IS NULL AND v.direction = 'entry'))::int
           - (count(*) FILTER (WHERE v.result = 'accepted' AND v.undone_at IS NULL AND v.direction = 'exit'))::int
           AS present
       FROM ticket t JOIN ticket_type y ON y.id = t.ticket_type_id JOIN validation v ON v.ticket_id = t.id
       WHERE t.id = ANY($1::uuid[]) GROUP BY t.company_id, t.id, y.max_entries ORDER BY t.id`,
      tickets.map(({ id }) => id),
    );
    expect(rows).toHaveLength(6);
    for (const { status, entries, inside, net, present, max_entries } of rows) {
      expect([entries, inside]).toEqual([net, present]);
      expect(entries).toBeLessThanOrEqual(max_entries as number);
      if (status !== 'void') expect(status).toBe(entries === max_entries ? 'used' : 'valid');
    }
  });

  it('a void ticket lets nobody in from the moment the void is answered', async () => {
    const ticket = await world.ticket();
    const code = await world.code(ticket);
    const [voided, ...scans] = await Promise.all([
      world.call(`/tickets/${ticket.id}/void`, { method: 'POST' }),
      ...contexts.map((ctx) => scan(ctx, body(code))),
    ]);
    expect(voided.status).toBe(200);
    const verdicts = new Set(scans.map(({ result, reason }) => reason ?? result));
    for (const verdict of verdicts) expect(['accepted', 'already_used', 'revoked']).toContain(verdict);
    expect((await scan(at(3), body(code, { force: true }))).reason).toBe('revoked');
  });
});
