import { statement } from '../../../src/db/client.ts';
import type { Tx } from '../../../src/db/transaction.ts';
import { insertRow } from '../rows.ts';
import { SLUGS } from './main-events.ts';
import { CURRENCY } from './people.ts';

const EVENT = statement('seed_event_by_slug', 'SELECT id FROM event WHERE company_id = $1 AND slug = $2');

/** A membership with two ways to pay it, and a season ticket of the theatre. */
export async function writePlans(tx: Tx, company_id: number): Promise<void> {
  const membership = await insertRow(tx, 'plan', {
    ...{ company_id, name: 'Friends of the house', kind: 'membership' },
    description: 'Ten percent off every ticket, and two days before everybody else.',
    translations: {
      es: {
        name: 'Amigos de la casa',
        description: 'Diez por ciento menos, y dos días antes que los demás.',
      },
      pt: { name: 'Amigos da casa', description: 'Dez por cento a menos, e dois dias antes dos outros.' },
    },
    benefits: [
      { kind: 'percentage', value: 1_000 },
      { kind: 'presale', hours: 48 },
    ],
  });
  const common = { company_id, currency: CURRENCY, plan_id: membership.id };
  await insertRow(tx, 'plan_setting', { ...common, name: 'Monthly', price: 3_900, interval: 'month' });
  await insertRow(tx, 'plan_setting', { ...common, name: 'Yearly', price: 39_000, interval: 'year' });

  const events = await tx.query<{ id: number }>(EVENT, [company_id, SLUGS.theatre]);
  const season = await insertRow(tx, 'plan', {
    ...{ company_id, name: 'Theatre season', kind: 'season', event_ids: events.map(({ id }) => id) },
    description: 'The same seat for every play of the season.',
    translations: {
      es: { name: 'Temporada de teatro', description: 'La misma butaca para toda la temporada.' },
      pt: { name: 'Temporada de teatro', description: 'A mesma poltrona para toda a temporada.' },
    },
  });
  await insertRow(tx, 'plan_setting', {
    ...{ ...common, plan_id: season.id, name: 'Season ticket', price: 150_000, interval: 'season' },
    ...{ seat_choice: true, capacity: 200 },
  });
}
