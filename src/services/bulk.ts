import type { z } from 'zod';
import { attempt } from '../db/attempt.ts';
import type { Tx } from '../db/transaction.ts';
import { AppError, type FieldFault } from '../errors.ts';
import type { BulkMode, RowResult } from '../schemas/bulk.ts';
import { faultsOf, invalid } from '../schemas/faults.ts';

export interface BulkOf<Row, Made> {
  /** Name of the array in the request: pointers begin with it. */
  name: string;
  /** Singular key of what a row makes. */
  root: string;
  row: z.ZodType<Row>;
  /**
   * Carries out one row. Pointers of its refusals are relative to the row.
   * @throws AppError when this row cannot be had
   */
  write(tx: Tx, row: Row, index: number): Promise<Made>;
}

/**
 * Carries out rows one by one, in their order, in the transaction of the request: `atomic` all of them or none, `each`
 * those that can be. A row sees what the rows before it left.
 * @returns one result a row, in order; all of them good in the mode `atomic`
 * @throws AppError in the mode `atomic`, naming every fault of every row: validation_failed, or what the rows were refused
 *   with if it was the same for all; in either mode what is no row's fault (service_unavailable)
 */
export async function bulkRows<Row, Made>(
  tx: Tx,
  mode: BulkMode | undefined,
  rows: readonly unknown[],
  of: BulkOf<Row, Made>,
): Promise<RowResult[]> {
  const results: RowResult[] = [];
  const refusals: AppError[] = [];
  for (const [index, row] of rows.entries()) {
    const outcome = await carryOut(tx, row, index, of);
    if (outcome instanceof AppError) {
      refusals.push(outcome);
      const { code, message: detail, facts } = outcome;
      results.push({ index, status: 'error', [of.root]: null, error: { ...facts, code, detail } });
    } else results.push({ index, status: 'ok', [of.root]: outcome.made, error: null });
  }
  if (refusals.length && mode !== 'each') throw together(refusals, results, of.name);
  return results;
}

async function carryOut<Row, Made>(
  tx: Tx,
  input: unknown,
  index: number,
  { name, row, write }: BulkOf<Row, Made>,
): Promise<{ made: Made } | AppError> {
  const at = `/${name}/${index}`;
  const parsed = row.safeParse(input, { reportInput: true });
  if (!parsed.success) return invalid(parsed.error.issues.flatMap((issue) => faultsOf(issue, at)));
  const outcome = await attempt(tx, () => write(tx, parsed.data, index));
  if (!(outcome instanceof AppError)) return outcome;
  const { code, message, facts, headers } = outcome;
  const errors = facts.errors?.map((fault) => ({ ...fault, pointer: at + fault.pointer }));
  return new AppError(code, message, { ...facts, ...(errors && { errors }) }, headers);
}

/** One refusal for all: what is not a fault of a field is told of its row. */
function together(refusals: readonly AppError[], results: readonly RowResult[], name: string): AppError {
  const faults = results.flatMap(({ index, error }): FieldFault[] => {
    if (!error) return [];
    const { code, detail, errors } = error as { code: string; detail: string; errors?: FieldFault[] };
    return errors ?? [{ pointer: `/${name}/${index}`, code, message: detail }];
  });
  const [first] = refusals as [AppError];
  const { errors: _, ...facts } = first.facts;
  const same = refusals.every(({ code }) => code === first.code);
  if (same && first.code !== 'validation_failed' && first.code !== 'unknown_field')
    return new AppError(first.code, `${first.message} Nothing was written.`, {
      ...(refusals.length === 1 && facts),
      errors: faults,
    });
  return invalid(faults);
}

/** Did every row go through? Then all of them were created. */
export const allGood = (results: readonly { status: string }[]): boolean =>
  results.every(({ status }) => status === 'ok');
