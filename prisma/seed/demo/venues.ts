import type { Tx } from '../../../src/db/transaction.ts';
import { states } from '../reference.ts';
import { insertRow } from '../rows.ts';
import type { VenueName } from './event.ts';

const SANTIAGO = { city: 'Santiago', state: 'CL-RM', time_zone: 'America/Santiago' };

const VENUES = {
  theatre: {
    ...{ name: 'Teatro del Sol', line1: 'Calle Agustinas 700', postal_code: '8320000', ...SANTIAGO },
    ...{ latitude: -33.44, longitude: -70.647 },
  },
  park: {
    ...{ name: 'Parque Los Álamos', line1: 'Avenida del Parque 1500', postal_code: '8370000', ...SANTIAGO },
    ...{ latitude: -33.464, longitude: -70.661 },
  },
  stadium: {
    ...{ name: 'Estadio Cordillera', line1: 'Avenida Las Torres 5001', postal_code: '7760000', ...SANTIAGO },
    ...{ latitude: -33.465, longitude: -70.61 },
  },
  club: {
    ...{ name: 'Club Mirador', line1: 'Paseo Yugoslavo 12', postal_code: '2340000', city: 'Valparaíso' },
    ...{ state: 'CL-VS', time_zone: 'America/Santiago', latitude: -33.041, longitude: -71.628 },
  },
  abroad: {
    ...{ name: 'Muelle Viejo', line1: 'Avenida Costanera 300', postal_code: 'C1107', city: 'Buenos Aires' },
    ...{ state: 'AR-C', time_zone: 'America/Argentina/Buenos_Aires', latitude: -34.612, longitude: -58.362 },
  },
} as const satisfies Record<VenueName, object>;

export interface Venue {
  id: number;
  name: string;
  city: string;
  time_zone: string;
}

/** The venues of the demo company, in Chile but for one. */
export async function insertVenues(tx: Tx, company_id: number): Promise<Record<VenueName, Venue>> {
  const known = states();
  const written: [string, Venue][] = [];
  for (const [key, { state: code, ...venue }] of Object.entries(VENUES)) {
    const state = known.find((row) => row.code === code);
    if (!state) throw new Error(`no state ${code}`);
    const { id } = await insertRow(tx, 'venue', {
      ...{ company_id, ...venue, state_id: state.id, country_id: state.country_id },
    });
    written.push([key, { id, ...venue }]);
  }
  return Object.fromEntries(written) as Record<VenueName, Venue>;
}
