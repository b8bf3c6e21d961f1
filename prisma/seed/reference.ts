// Reference data shared by every company: the rows of the catalogues, computed from well-kept data packages.
export { countries } from './reference/countries.ts';
export { currencies } from './reference/currencies.ts';
export { categories, documentTypes, paymentMethods } from './reference/lists.ts';
export { languages, timeZones } from './reference/locales.ts';
export { states } from './reference/states.ts';
export type {
  CountryRow,
  CurrencyRow,
  LanguageRow,
  LocalizedName,
  NamedRow,
  PaymentMethodRow,
  StateRow,
} from './reference/types.ts';
