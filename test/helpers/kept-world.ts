import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { moneyFaults } from './money-audit.ts';
import { type SalesWorld, salesWorld } from './sales-world.ts';
import { stockFaults } from './stock-audit.ts';

/**
 * Makes a world for the tests of a file: after each of them its stock adds up, and all that was held is free for the next.
 * @param use is given the world before the first test
 */
export function stockKept(use: (world: SalesWorld) => void): void {
  let world: SalesWorld;
  beforeAll(async () => {
    world = await salesWorld();
    use(world);
  });
  afterEach(async () => {
    const faults = await stockFaults(world.system);
    await world.clear();
    expect(faults).toEqual({});
  });
  afterAll(() => world.close());
}

/** The same for plans and seasons: money and stock add up after each test, and nothing is cleared away. */
export function booksKept(use: (world: SalesWorld) => void | Promise<void>): void {
  let world: SalesWorld;
  beforeAll(async () => {
    world = await salesWorld();
    await world.sql(`INSERT INTO currency VALUES ('EUR', '978', 'Euro', 2)`);
    await use(world);
  });
  afterEach(async () => {
    expect(await moneyFaults(world.system)).toEqual({});
    expect(await stockFaults(world.system)).toEqual({});
  });
  afterAll(() => world.close());
}
