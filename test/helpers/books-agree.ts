import { expect } from 'vitest';
import type { System } from '../../src/system.ts';
import { moneyFaults, sandboxFaults } from './money-audit.ts';
import { runAllJobs } from './payments.ts';
import { stockFaults } from './stock-audit.ts';

/** Money and stock agree, and once every task has run the provider's books do, too. */
export async function expectBooksAgree(system: System): Promise<void> {
  expect(await moneyFaults(system)).toEqual({});
  expect(await stockFaults(system)).toEqual({});
  await runAllJobs(system);
  expect(await sandboxFaults(system)).toEqual([]);
}
