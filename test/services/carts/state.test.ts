import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inTransaction } from '../../../src/db/transaction.ts';
import { openCart } from '../../../src/services/carts/hold.ts';
import { CART_TRANSITIONS, type CartStatus, moveCart } from '../../../src/services/carts/state.ts';
import { refusalOf } from '../../helpers/refusal.ts';
import { type SalesWorld, salesWorld } from '../../helpers/sales-world.ts';

let world: SalesWorld;
beforeAll(async () => {
  world = await salesWorld();
});
afterAll(() => world.close());

const STATES = Object.keys(CART_TRANSITIONS) as CartStatus[];
const stepsFrom = (state: CartStatus) => CART_TRANSITIONS[state] as readonly CartStatus[];
const state = fc.constantFrom(...STATES);
/** A walk along the table: its states, `open` first. */
const walk = fc.array(fc.nat(), { maxLength: 12 }).map((choices) => {
  const states: CartStatus[] = ['open'];
  for (const choice of choices) {
    const steps = stepsFrom(states.at(-1) as CartStatus);
    if (!steps.length) break;
    states.push(steps[choice % steps.length] as CartStatus);
  }
  return states;
});

describe('the table of steps', () => {
  it('is what is documented', () => {
    expect(CART_TRANSITIONS).toEqual({
      open: ['pending_payment', 'paid', 'expired', 'cancelled'],
      pending_payment: ['open', 'paid'],
      paid: ['partially_refunded', 'refunded'],
      partially_refunded: ['partially_refunded', 'refunded'],
      refunded: [],
      expired: ['pending_payment'], // a payment confirmed late
      cancelled: ['pending_payment'],
    });
  });

  it('reaches every state from open, and knows the states of the database', async () => {
    const reached = new Set<CartStatus>(['open']);
    for (const from of reached) for (const to of stepsFrom(from)) reached.add(to);
    expect([...reached].sort()).toEqual([...STATES].sort());
    const rows = await world.sql<{ label: string }>(
      "SELECT enumlabel AS label FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid WHERE typname = 'cart_status'",
    );
    expect(rows.map((row) => row.label).sort()).toEqual([...STATES].sort());
  });

  it('never leads from money back to a cart without it, nor out of the end', () => {
    const settled: CartStatus[] = ['paid', 'partially_refunded', 'refunded'];
    fc.assert(
      fc.property(walk, (states) => {
        const paid = states.indexOf('paid');
        if (paid >= 0) for (const later of states.slice(paid)) expect(settled).toContain(later);
        const end = states.indexOf('refunded');
        if (end >= 0) expect(states).toHaveLength(end + 1);
        states.forEach((each, i) => {
          if (each === 'expired' || each === 'cancelled')
            expect([undefined, 'pending_payment']).toContain(states[i + 1]);
        });
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('a step', () => {
  const cartIn = async (status: CartStatus) => {
    const { id } = await openCart(world.buyer(), {});
    await world.sql('UPDATE cart SET status = $2::cart_status WHERE id = $1', id, status);
    return id;
  };
  const move = (id: string, from: CartStatus, to: CartStatus) =>
    inTransaction(world.system.db, (tx) => moveCart(tx, world.company_id, id, from, to));
  const rowOf = async (id: string) =>
    (
      await world.sql<{ status: string; paid_at: Date; updated_at: Date }>(
        'SELECT * FROM cart WHERE id = $1',
        id,
      )
    )[0];

  it('is made if the table knows it, and only if the cart is where it starts', async () => {
    await fc.assert(
      fc.asyncProperty(state, state, state, async (actual, from, to) => {
        const id = await cartIn(actual);
        const before = await rowOf(id);
        if (!stepsFrom(from).includes(to)) {
          await expect(move(id, from, to)).rejects.toThrow(`no step from ${from} to ${to}`);
          expect(await rowOf(id)).toEqual(before);
        } else if (from !== actual) {
          expect((await refusalOf(move(id, from, to))).code).toBe('conflict');
          expect(await rowOf(id)).toEqual(before);
        } else {
          await move(id, from, to);
          const after = await rowOf(id);
          expect(after?.status).toBe(to);
          expect(after?.updated_at.getTime()).toBeGreaterThan(before?.updated_at.getTime() as number);
          expect(after?.paid_at !== null).toBe(to === 'paid');
        }
      }),
      { numRuns: 150 },
    );
  });

  it('is made by one of two who try', async () => {
    const id = await cartIn('open');
    const tries = await Promise.allSettled([move(id, 'open', 'cancelled'), move(id, 'open', 'expired')]);
    expect(tries.map((each) => each.status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('leads along every walk', async () => {
    await fc.assert(
      fc.asyncProperty(walk, async (states) => {
        const id = await cartIn('open');
        for (const [i, to] of states.entries()) if (i) await move(id, states[i - 1] as CartStatus, to);
        expect((await rowOf(id))?.status).toBe(states.at(-1));
      }),
      { numRuns: 50 },
    );
  });
});
