import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Context } from '../../src/context.ts';
import { AppError } from '../../src/errors.ts';
import type { AddSaleDetails } from '../../src/schemas/carts.ts';
import { cancelCart, extendCart, patchCart } from '../../src/services/carts/change.ts';
import { applyCode, removeCode } from '../../src/services/carts/codes.ts';
import { sweep } from '../../src/services/carts/expire.ts';
import { addSaleDetails, openCart } from '../../src/services/carts/hold.ts';
import { deleteSaleDetail } from '../../src/services/carts/lines.ts';
import { getCart } from '../../src/services/carts/read.ts';
import type { System } from '../../src/system.ts';
import { type Caller, contextOf } from '../helpers/context.ts';
import { type SalesWorld, salesWorld } from '../helpers/sales-world.ts';
import { stockFaults } from '../helpers/stock-audit.ts';

const CALLERS = 50;

let world: SalesWorld;
/** Fifty processes of two connections, and three of them that all requests share. */
let processes: System[];
let few: System[];
beforeAll(async () => {
  world = await salesWorld();
  processes = world.processes(CALLERS);
  few = processes.slice(0, 3);
  await Promise.all(processes.map((system) => system.db.pool.query('SELECT 1')));
}, 60_000);
afterEach(async () => {
  const faults = await stockFaults(world.system);
  await world.clear();
  expect(faults).toEqual({});
});
afterAll(async () => {
  const deadlocks = await world.endProcesses();
  await world.close();
  expect(deadlocks).toBe(0);
}, 60_000);

type Items = AddSaleDetails['items'];
const adults = (quantity = 1): Items => [{ ticket_type_id: world.festival.adult, quantity }];
const contextIn = (system: System, caller: Partial<Caller> = {}): Context =>
  contextOf(system, { interface: world.web, ...caller });

/** Lets all callers ask at once: what the granted ones got, and the codes of the others. */
async function race<T>(ask: (system: System, i: number) => Promise<T>, systems = processes) {
  const outcomes = await Promise.allSettled(
    Array.from({ length: CALLERS }, (_, i) => ask(systems[i % systems.length] as System, i)),
  );
  const refusals = outcomes.flatMap((o) => (o.status === 'rejected' ? [o.reason as AppError] : []));
  for (const refusal of refusals) if (!(refusal instanceof AppError)) throw refusal;
  return { won: outcomes.flatMap((o) => (o.status === 'fulfilled' ? [o.value] : [])), refusals };
}
const count = async (from: string, ...values: unknown[]) =>
  (await world.sql<{ n: number }>(`SELECT count(*)::int AS n FROM ${from}`, ...values))[0]?.n;
const uses = async (code_id: number) =>
  (await world.sql('SELECT held, used FROM code WHERE id = $1', code_id))[0];

describe('the last use of a code', () => {
  const opened = (i: number) =>
    openCart(contextIn(processes[i] as System), { items: i % 2 ? adults() : undefined });

  it.each([
    ['free', false],
    ['held by an overdue cart', true],
  ])('%s: 50 ask, one has it', async (_, overdue) => {
    // Carts with tickets and without; there is room for eight of the former.
    const carts = await Promise.all(Array.from({ length: CALLERS }, (_, i) => opened(i < 16 ? i : 0)));
    if (overdue) {
      const { id } = await openCart(world.buyer(), {});
      await applyCode(world.buyer(), id, 'ONCE');
      await world.lapse(id);
    }
    const sweeps = Promise.all(few.map((system) => sweep(system)));
    const { won, refusals } = await race((system, i) =>
      applyCode(contextIn(system), carts[i]?.id as string, 'ONCE'),
    );
    await sweeps;
    expect(won).toHaveLength(1);
    for (const refusal of refusals)
      expect(refusal).toMatchObject({ code: 'code_not_applicable', facts: { reason: 'spent' } });
    expect(await uses(world.festival.codes.ONCE)).toEqual({ held: 1, used: 0 });
    expect(await count("cart_code WHERE status = 'held'")).toBe(1);
  });

  it('a person: carts of one user ask at once, one has it', async () => {
    const user_id = world.ana;
    const carts = await Promise.all(
      processes.slice(0, 10).map((system) => openCart(contextIn(system, { user_id }), {})),
    );
    const { won, refusals } = await race((system, i) =>
      applyCode(contextIn(system, { user_id }), carts[i % 10]?.id as string, 'MINE'),
    );
    expect(won).toHaveLength(1);
    for (const { facts } of refusals) expect(['spent_by_user', 'already_applied']).toContain(facts.reason);
  });

  it('goes back and forth without a use lost', async () => {
    const carts = await Promise.all(few.map((system) => openCart(contextIn(system), {})));
    await race(async (system, i) => {
      const ctx = contextIn(system);
      const id = carts[i % carts.length]?.id as string;
      await applyCode(ctx, id, 'ONCE').catch(() => {});
      await removeCode(ctx, id, 'ONCE').catch(() => {});
    });
    const held = await count(
      "cart_code k JOIN code d ON d.id = k.code_id WHERE d.code = 'ONCE' AND k.status = 'held'",
    );
    expect(await uses(world.festival.codes.ONCE)).toEqual({ held, used: 0 });
  });
});

describe('tickets a person', () => {
  const limited = (quantity: number): Items => [{ ticket_type_id: world.festival.limited, quantity }];
  const ofAna = () =>
    count(
      `sale_detail l JOIN cart c ON c.id = l.cart_id
       WHERE c.user_id = $1 AND l.ticket_type_id = $2 AND l.status = 'held'`,
      world.ana,
      world.festival.limited,
    );

  it('are two, whatever 50 carts of one user ask for at once', async () => {
    const user_id = world.ana;
    for (const systems of [processes, few]) {
      const { won, refusals } = await race(
        (system) => openCart(contextIn(system, { user_id }), { items: limited(1) }),
        systems,
      );
      expect(won).toHaveLength(2);
      for (const { code } of refusals) expect(code).toBe('limit_exceeded');
      expect(await ofAna()).toBe(2);
      await world.clear();
    }
  });

  it('are two, also when two carts of the user are added to', async () => {
    const user_id = world.ana;
    const carts = await Promise.all([1, 2].map(() => openCart(world.buyer({ user_id }), {})));
    const { won } = await race((system, i) =>
      addSaleDetails(contextIn(system, { user_id }), carts[i % 2]?.id as string, { items: limited(1) }),
    );
    expect(won).toHaveLength(2);
    expect(await ofAna()).toBe(2);
  });

  it('are two, also when carts are adopted while others are opened', async () => {
    const user_id = world.ana;
    const nobodys = await Promise.all(
      Array.from({ length: 6 }, () => openCart(world.buyer(), { items: limited(2) })),
    );
    await race((system, i) =>
      i % 2
        ? openCart(contextIn(system, { user_id }), { items: limited(1) })
        : patchCart(contextIn(system, { user_id }), nobodys[i % nobodys.length]?.id as string, {}),
    );
    expect(await ofAna()).toBeLessThanOrEqual(2);
    expect(await ofAna()).toBeGreaterThan(0);
  });
});

describe('one Idempotency-Key, 50 times at once', () => {
  const inProgress = ({ code }: AppError) => expect(code).toBe('idempotency_in_progress');
  const answers = (key: string) =>
    world.sql('SELECT answered, result FROM idempotency_key WHERE key = $1', key);
  const sets = (): [string, System[]][] => [
    ['50 processes', processes],
    ['three processes', few],
    ['one process', few.slice(0, 1)],
  ];

  it('opens one cart', async () => {
    for (const [key, systems] of sets()) {
      const before = await count('cart');
      const { won, refusals } = await race(
        (system) => openCart(contextIn(system, { key }), { items: adults(2) }),
        systems,
      );
      expect(won).toHaveLength(1);
      refusals.forEach(inProgress);
      expect(await count('cart')).toBe((before ?? 0) + 1);
      expect(await answers(key)).toEqual([
        { answered: true, result: { result: JSON.parse(JSON.stringify(won[0])) } },
      ]);
    }
  });

  it('adds to a cart once', async () => {
    for (const [name, systems] of sets()) {
      const { id } = await openCart(world.buyer(), {});
      const { won, refusals } = await race(
        (system) => addSaleDetails(contextIn(system, { key: `add ${name}` }), id, { items: adults() }),
        systems,
      );
      expect(won).toHaveLength(1);
      refusals.forEach(inProgress);
      expect((await getCart(world.buyer(), id)).sale_details).toHaveLength(1);
    }
  });

  it('changes a cart once', async () => {
    const { id, sale_details } = await openCart(world.buyer(), { items: adults(3) });
    const line = sale_details[0]?.id as string;
    const uses: [string, (ctx: Context) => Promise<unknown>][] = [
      ['apply', (ctx) => applyCode(ctx, id, 'TENOFF')],
      ['remove code', (ctx) => removeCode(ctx, id, 'TENOFF')],
      ['remove line', (ctx) => deleteSaleDetail(ctx, id, line)],
      ['extend', (ctx) => extendCart(ctx, id, undefined)],
      ['cancel', (ctx) => cancelCart(ctx, id)],
    ];
    for (const [key, use] of uses) {
      const { won, refusals } = await race((system) => use(contextIn(system, { key })));
      expect(won).toHaveLength(1);
      refusals.forEach(inProgress);
      expect(await answers(key)).toMatchObject([{ answered: true }]);
    }
  });

  it('keeps no record of a refusal: the next try is a new one', async () => {
    const items: Items = [{ ticket_type_id: world.festival.child, quantity: 3 }];
    const { id } = await openCart(world.buyer(), { items });
    for (const systems of [processes, few]) {
      const { won, refusals } = await race(
        (system) => openCart(contextIn(system, { key: 'refused' }), { items }),
        systems,
      );
      expect(won).toHaveLength(0);
      for (const { code } of refusals) expect(['sold_out', 'idempotency_in_progress']).toContain(code);
      expect(await answers('refused')).toEqual([]);
    }
    await cancelCart(world.buyer(), id);
    await openCart(world.buyer({ key: 'refused' }), { items });
    expect(await answers('refused')).toMatchObject([{ answered: true }]);
  });

  it('is of one client: the same key of another is another', async () => {
    const { won } = await race((system, i) =>
      openCart(contextIn(system, { key: 'shared', client_id: `client ${i % 2}` }), {}),
    );
    expect(won).toHaveLength(2);
  });
});
