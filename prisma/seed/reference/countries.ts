import { iso31661 } from 'iso-3166';
import type { Language } from '../../../src/errors.ts';
import countryIds from './country-ids.json' with { type: 'json' };
import { idOf } from './ids.ts';
import type { CountryRow } from './types.ts';

// CLDR's names, which Node carries: the translations on npm confuse some countries (the two Congos in Portuguese).
const regionNames = (language: Language) =>
  new Intl.DisplayNames(language, { type: 'region', fallback: 'none' });
const names = { en: regionNames('en'), es: regionNames('es'), pt: regionNames('pt') };

/**
 * The complete ISO 3166-1 set, by id. Ids were given in the order of the alpha-2 codes.
 *
 * @throws Error if a country has no id yet, or this Node lacks the names of a language
 */
export function countries(): CountryRow[] {
  return iso31661
    .map(({ alpha2, alpha3, numeric }) => ({
      id: idOf(countryIds, alpha2),
      code: alpha2,
      code3: alpha3,
      numeric,
      name: { en: nameOf(alpha2, 'en'), es: nameOf(alpha2, 'es'), pt: nameOf(alpha2, 'pt') },
    }))
    .sort((a, b) => a.id - b.id);
}

function nameOf(code: string, language: Language): string {
  const name = names[language].of(code);
  if (!name) throw new Error(`No name of ${code} in ${language}: Node must be built with full ICU data.`);
  return name;
}
