import iso6391 from 'iso-639-1';
import type { LanguageRow } from './types.ts';

/** The ISO 639-1 languages, by code. */
export function languages(): LanguageRow[] {
  return iso6391
    .getLanguages(iso6391.getAllCodes())
    .map(({ code, name, nativeName }) => ({ code, name, native_name: nativeName }))
    .sort((a, b) => (a.code < b.code ? -1 : 1));
}

/** The IANA time zones this Node knows, sorted. Aliases are left out, though valid wherever a zone is asked for. */
export function timeZones(): string[] {
  // ICU leaves UTC itself out of its list.
  return [...new Set([...Intl.supportedValuesOf('timeZone'), 'UTC'])].sort();
}
