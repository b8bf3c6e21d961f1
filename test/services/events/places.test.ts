import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mostTickets, type Taker } from '../../../src/services/events/places.ts';

/** By the theorem of maximum flow and minimum cut: the cheapest way to cut all types off from all sections. */
function minimumCut(takers: readonly Taker[], places: ReadonlyMap<number, number>): number {
  let least = Number.POSITIVE_INFINITY;
  for (let cut = 0; cut < 2 ** takers.length; cut++) {
    const kept = takers.filter((_, t) => !(cut & (1 << t)));
    const limits = takers
      .filter((_, t) => cut & (1 << t))
      .map(({ limit }) => limit ?? Number.POSITIVE_INFINITY);
    const sections = new Set(kept.flatMap(({ section_ids }) => section_ids));
    const rest = [...sections].reduce((n, id) => n + (places.get(id) ?? 0), 0);
    least = Math.min(least, limits.reduce((n, limit) => n + limit, 0) + rest);
  }
  return least;
}

const section = fc.integer({ min: 1, max: 5 });
const taker = fc.record({
  limit: fc.option(fc.integer({ min: 0, max: 12 }), { freq: 4 }),
  section_ids: fc.uniqueArray(section, { maxLength: 5 }),
});
const places = fc
  .array(fc.tuple(section, fc.integer({ min: 0, max: 12 })), { maxLength: 5 })
  .map((entries) => new Map(entries));

describe('the most tickets that can be sold', () => {
  test('equals the minimum cut', () => {
    fc.assert(
      fc.property(fc.array(taker, { maxLength: 6 }), places, (takers, rooms) => {
        expect(mostTickets(takers, rooms)).toBe(minimumCut(takers, rooms));
      }),
      { numRuns: 500 },
    );
  });

  test('moves a type elsewhere to make room for another', () => {
    const takers = [
      { limit: 5, section_ids: [1, 2] },
      { limit: 5, section_ids: [1] },
    ];
    expect(
      mostTickets(
        takers,
        new Map([
          [1, 5],
          [2, 5],
        ]),
      ),
    ).toBe(10);
  });
});
