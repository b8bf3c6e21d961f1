import type { Language } from '../../../src/errors.ts';

/** A name in every language the API speaks. */
export type LocalizedName = Readonly<Record<Language, string>>;

/** A country of ISO 3166-1. `numeric` keeps its leading zeros ('076'). */
export interface CountryRow {
  id: number;
  code: string;
  code3: string;
  numeric: string;
  name: LocalizedName;
}

/** A subdivision of ISO 3166-2, of any level; `code` is whole ('CL-RM'), `name` is the local one. */
export interface StateRow {
  id: number;
  country_id: number;
  code: string;
  name: string;
}

/** A currency or fund of ISO 4217. `digits`: decimal places of the major unit, 0 to 4. */
export interface CurrencyRow {
  code: string;
  numeric: string;
  name: string;
  digits: number;
}

/** A language of ISO 639-1, with its English and its own name. */
export interface LanguageRow {
  code: string;
  name: string;
  native_name: string;
}

/** An entry of a short list kept by hand. */
export interface NamedRow {
  code: string;
  name: LocalizedName;
}

/** A way to pay; `scopes`: a caller needs any one of them. */
export interface PaymentMethodRow extends NamedRow {
  scopes: readonly ('buy' | 'sell')[];
}
