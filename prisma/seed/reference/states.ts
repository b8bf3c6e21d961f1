import { type ISO31662Entry, iso31662 } from 'iso-3166';
import countryIds from './country-ids.json' with { type: 'json' };
import { idOf } from './ids.ts';
import stateIds from './state-ids.json' with { type: 'json' };
import type { StateRow } from './types.ts';

/**
 * What the data package carries beyond the standard's own list. Without these it agrees with that list code by code
 * (compared with iso3166-2 1.8.4 for Python, an independent collection).
 */
export const NOT_CURRENT: ReadonlySet<string> = new Set([
  // Denmark's counties, dissolved in 2007
  ...['DK-015', 'DK-020', 'DK-025', 'DK-030', 'DK-035', 'DK-040', 'DK-042', 'DK-050'],
  ...['DK-055', 'DK-060', 'DK-065', 'DK-070', 'DK-076', 'DK-080', 'DK-101', 'DK-147'],
  // Luxembourg's districts, replaced by its cantons in 2015
  ...['LU-D', 'LU-G', 'LU-L'],
  // withdrawn on 2019-11-22
  ...['GH-BA', 'PK-TA'],
  // the whole country and unions of its parts, which the standard mentions in a remark only
  ...['GB-EAW', 'GB-GBN', 'GB-UKM'],
]);

/** The current ISO 3166-2 entries of the data package. */
export function subdivisions(): ISO31662Entry[] {
  return iso31662.filter(({ code }) => !NOT_CURRENT.has(code));
}

/**
 * The complete ISO 3166-2 set, every level of it, by id.
 *
 * @throws Error if a subdivision has no id yet
 */
export function states(): StateRow[] {
  return subdivisions()
    .map(({ code, name }) => ({
      id: idOf(stateIds, code),
      country_id: idOf(countryIds, code.slice(0, 2)),
      code,
      name,
    }))
    .sort((a, b) => a.id - b.id);
}
