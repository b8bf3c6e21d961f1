import { AppError, type ProblemCode } from '../../src/errors.ts';

/** The refusal that a promise ends with; anything else fails the test. */
export async function refusalOf(promise: Promise<unknown>): Promise<AppError> {
  const error = await promise.then(
    (value) => new Error(`it was not refused: ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof AppError)) throw error;
  return error;
}

/** Its code alone. */
export const codeOf = async (promise: Promise<unknown>): Promise<ProblemCode> =>
  (await refusalOf(promise)).code;
