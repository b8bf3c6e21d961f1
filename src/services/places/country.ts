import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { AppError, type FieldFault } from '../../errors.ts';

const KNOWN = statement(
  'country_and_state_known',
  `SELECT EXISTS (SELECT 1 FROM country WHERE id = $1) AS country,
     (SELECT country_id FROM state WHERE id = $2) AS of_country`,
);

/**
 * Makes sure that a country exists and that a state is one of its own.
 * @throws AppError validation_failed
 */
export async function assertCountryAndState(
  tx: Tx,
  country_id: number | null,
  state_id: number | null,
): Promise<void> {
  if (country_id === null && state_id === null) return;
  const [row] = await tx.query<{ country: boolean; of_country: number | null }>(KNOWN, [
    country_id,
    state_id,
  ]);
  const errors: FieldFault[] = [];
  if (country_id !== null && !row?.country)
    errors.push({ pointer: '/country_id', code: 'not_found', message: 'There is no such country.' });
  if (country_id === null)
    errors.push({ pointer: '/country_id', code: 'required', message: 'A state is one of a country.' });
  else if (state_id !== null && row?.of_country !== country_id)
    errors.push({ pointer: '/state_id', code: 'not_found', message: 'The country has no such state.' });
  if (errors.length)
    throw new AppError('validation_failed', 'Country and state do not fit each other.', { errors });
}
