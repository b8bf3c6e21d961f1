import type { z } from 'zod';
import { statement } from '../db/client.ts';
import { translateDatabaseError } from '../db/errors.ts';
import type { Tx } from '../db/transaction.ts';
import { AppError, type FieldFault } from '../errors.ts';
import type { BulkMode } from '../schemas/bulk.ts';
import { faultsOf, invalid } from '../schemas/faults.ts';

/** What became of a row. The object is under the singular key that the route shows it by. */
export interface RowResult {
  index: number;
  status: 'ok' | 'error';
  error: ({ code: string; detail: string } & Record<string, unknown>) | null;
  [root: string]: unknown;
}

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

const SAVE = statement('bulk_save', 'SAVEPOINT bulk_row');
const KEEP = statement('bulk_keep', 'RELEASE SAVEPOINT bulk_row');
const UNDO = statement('bulk_undo', 'ROLLBACK TO SAVEPOINT bulk_row');

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
  await tx.execute(SAVE);
  try {
    const made = await write(tx, parsed.data, index);
    await tx.execute(KEEP);
    return { made };
  } catch (thrown) {
    const error = translateDatabaseError(thrown);
    if (!(error instanceof AppError) || error.status >= 500) throw error;
    await tx.execute(UNDO);
    const { code, message, facts, headers } = error;
    const errors = facts.errors?.map((fault) => ({ ...fault, pointer: at + fault.pointer }));
    return new AppError(code, message, { ...facts, ...(errors && { errors }) }, headers);
  }
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
