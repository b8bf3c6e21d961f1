import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { insertRows } from '../../prisma/seed/rows.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import { type ApiWorld, apiWorld } from '../helpers/api-world.ts';
import { expectWhole, type StockWorld, stockWorld } from '../helpers/stock-world.ts';

// The stock proof finds whatever does not add up, and nothing that does.

let world: ApiWorld;
let at: StockWorld;
beforeAll(async () => {
  world = await apiWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  at = await stockWorld(world);
});

describe('drift', () => {
  const TAMPERED: [
    string,
    (ids: { section: number; general: number; type: number }) => [string, unknown[]],
  ][] = [
    [
      'section.capacity',
      ({ general }) => ['UPDATE event_section SET capacity = capacity + 1 WHERE section_id = $1', [general]],
    ],
    [
      'section.held',
      ({ general }) => ['UPDATE event_section SET held = held + 1 WHERE section_id = $1', [general]],
    ],
    [
      'section.sold',
      ({ general }) => ['UPDATE event_section SET sold = sold - 1 WHERE section_id = $1', [general]],
    ],
    [
      'section.blocked',
      ({ general }) => ['UPDATE event_section SET blocked = blocked - 1 WHERE section_id = $1', [general]],
    ],
    ['ticket_type.held', ({ type }) => ['UPDATE ticket_type SET held = held - 1 WHERE id = $1', [type]]],
    ['ticket_type.sold', ({ type }) => ['UPDATE ticket_type SET sold = sold + 1 WHERE id = $1', [type]]],
    [
      'ticket_type.overfull',
      ({ type }) => ['UPDATE ticket_type SET capacity = held + sold - 1 WHERE id = $1', [type]],
    ],
    ['product.held', () => ['UPDATE product SET held = held - 1 WHERE id = $1', [at.programme]]],
    ['product.sold', () => ['UPDATE product SET sold = sold - 1 WHERE id = $1', [at.programme]]],
    [
      'product.overfull',
      () => ['UPDATE product SET capacity = held + sold - 1 WHERE id = $1', [at.programme]],
    ],
    [
      'block.taken',
      () => [
        'UPDATE block SET taken = taken + 1, quantity = quantity + 1 WHERE event_id = $1 AND quantity = 6',
        [at.event_id],
      ],
    ],
  ];
  const CONSTRAINTS = [
    ['ticket_type', 'ticket_type_within_capacity'],
    ['product', 'product_within_capacity'],
  ];

  it.each(TAMPERED)('%s is told', async (what, tamper) => {
    await at.sell([at.standing(3), { product_id: at.programme, quantity: 2 }]);
    await at.hold([at.standing(2), { product_id: at.programme, quantity: 1 }]);
    const web = world.accounts.interfaces.web;
    const own = { kind: 'allotment', interface_id: web, overflow: true, section_id: at.floor };
    await at.block({ ...own, name: 'Six', quantity: 6 });
    await at.sell([at.standing(1)]);
    expect((await at.stock()).drift).toEqual([]);
    const client = await world.system.db.pool.connect();
    try {
      for (const [table, name] of CONSTRAINTS)
        await client.query(`ALTER TABLE ${table} DROP CONSTRAINT ${name}`);
      const [text, values] = tamper({
        ...{ section: at.stalls as number, general: at.floor as number },
        type: at.loose as number,
      });
      expect((await client.query(text, values)).rowCount).toBe(1);
      const { drift } = await at.stock();
      expect(drift.map((each: { what: string }) => each.what)).toEqual([what]);
      const [{ counter, rows, id }] = drift;
      expect(counter).not.toBe(rows);
      expect(id).toEqual(expect.any(Number));
    } finally {
      await client.query('UPDATE ticket_type SET capacity = greatest(capacity, held + sold)');
      await client.query('UPDATE product SET capacity = greatest(capacity, held + sold)');
      for (const [table, name] of CONSTRAINTS)
        await client.query(
          `ALTER TABLE ${table} ADD CONSTRAINT ${name} CHECK (capacity IS NULL OR held + sold <= capacity) NOT VALID`,
        );
      client.release();
    }
  });

  it('seats: one that is sold, held or blocked without a reason, one that is missing, and more taken than there is', async () => {
    await at.sell([at.sitting(0)]);
    await at.hold([at.sitting(1)]);
    await at.block({ kind: 'kill', name: 'Pillar', seat_ids: [at.seats[2]] });
    const of = async (statement: string, ...values: unknown[]) => {
      const before = await at.sql('SELECT * FROM event_seat WHERE event_id = $1', at.event_id);
      await at.sql(statement, at.event_id, ...values);
      const { drift, sections } = await at.stock();
      await at.sql('DELETE FROM event_seat WHERE event_id = $1', at.event_id);
      await inTransaction(world.system.db, (tx) => insertRows(tx, 'event_seat', before));
      return {
        drift: drift.map(({ what, counter, rows }: Record<string, unknown>) => [what, counter, rows]),
        sections,
      };
    };
    const free =
      "UPDATE event_seat SET status = 'available', cart_id = NULL, ticket_id = NULL, hold_expires_at = NULL, block_id = NULL WHERE event_id = $1 AND seat_id = $2";
    expect((await of(free, at.seats[0])).drift).toEqual([['section.sold', 0, 1]]);
    expect((await of(free, at.seats[1])).drift).toEqual([['section.held', 0, 1]]);
    expect(
      (await of("UPDATE event_seat SET status = 'blocked' WHERE event_id = $1 AND seat_id = $2", at.seats[5]))
        .drift,
    ).toEqual([['section.blocked', 2, 1]]);
    expect(
      (await of('DELETE FROM event_seat WHERE event_id = $1 AND seat_id = $2', at.seats[6])).drift,
    ).toEqual([['section.capacity', 19, 20]]);
    expect((await at.stock()).drift).toEqual([]);
  });

  it('one place too many is told, whoever let it pass', async () => {
    await at.sell([at.standing(20)]);
    await at.sql('ALTER TABLE event_section DROP CONSTRAINT event_section_within_capacity');
    await at.sql('UPDATE event_section SET capacity = 19 WHERE section_id = $1', at.floor);
    await at.sql('UPDATE section SET capacity = 19 WHERE id = $1', at.floor);
    const { drift, sections } = await at.stock();
    expect(sections[1]).toMatchObject({ capacity: 19, available: -1 });
    expect(drift).toEqual([{ what: 'section.overfull', id: at.floor, counter: 19, rows: 20 }]);
    await at.sql('UPDATE event_section SET capacity = 60 WHERE section_id = $1', at.floor);
    await at.sql(
      'ALTER TABLE event_section ADD CONSTRAINT event_section_within_capacity CHECK (held + sold + blocked <= capacity)',
    );
  });
});

describe('while sales go on', () => {
  it('proof and report are each of one moment: nothing drifts, and all adds up', async () => {
    let selling = true;
    const work = async (n: number) => {
      for (let round = 0; round < 8; round++) {
        const answer = await world.call('POST', '/carts', {
          who: n % 2 ? 'seller' : 'pos',
          body: {
            items: [
              at.sitting((n * 5 + round) % 18),
              at.standing(2),
              { product_id: at.programme, quantity: 1 },
            ],
          },
        });
        if (answer.statusCode !== 201) continue; // another of them was faster
        const { id } = answer.json().cart;
        if (round % 3 === 0) await at.lapse(id);
        else if (round % 3 === 1)
          await world.call('DELETE', `/carts/${id}`, { who: n % 2 ? 'seller' : 'pos' });
        else {
          const who = n % 2 ? 'seller' : 'pos';
          await world.call('POST', `/carts/${id}/payments`, { who, body: { method: 'cash' } });
          await world.call('POST', `/carts/${id}/refunds`, { who, body: { reason: 'test' } });
        }
      }
    };
    const proofs: Awaited<ReturnType<typeof at.stock>>[] = [];
    const reports: Awaited<ReturnType<typeof at.report>>[] = [];
    const look = async () => {
      while (selling) {
        proofs.push(await at.stock());
        reports.push(await at.report());
      }
    };
    const looking = look();
    await Promise.all([0, 1, 2, 3, 4, 5].map(work)).finally(() => {
      selling = false;
    });
    await looking;
    expect(proofs.length).toBeGreaterThan(3);
    for (const proof of proofs) {
      expect(proof.drift).toEqual([]);
      expectWhole(proof);
    }
    for (const { sections, totals } of reports)
      for (const each of [totals, ...sections])
        expect(each.sold + each.courtesy + each.held + each.blocked + each.free).toBe(each.capacity);
    expect(new Set(proofs.map(({ totals }) => totals.held)).size).toBeGreaterThan(1);
  });
});
