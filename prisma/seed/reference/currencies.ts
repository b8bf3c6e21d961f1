import { currencies as iso4217 } from 'countries-list/currencies';
import type { CurrencyRow } from './types.ts';

/**
 * Codes whose minor unit is "N.A." in ISO 4217: metals, bond units, units of account, the testing code and "no
 * currency". An amount here is an integer of minor units, so nothing can be priced in them.
 */
export const WITHOUT_MINOR_UNIT: ReadonlySet<string> = new Set([
  ...['XAG', 'XAU', 'XPD', 'XPT'],
  ...['XBA', 'XBB', 'XBC', 'XBD'],
  ...['XDR', 'XSU', 'XUA'],
  ...['XTS', 'XXX'],
]);

/** The active ISO 4217 codes an amount can be given in, funds (CLF, UYW, …) included, by code. */
export function currencies(): CurrencyRow[] {
  return Object.entries(iso4217)
    .filter(([code, { withdrawn }]) => !withdrawn && !WITHOUT_MINOR_UNIT.has(code))
    .map(([code, { numeric, name, decimals }]) => ({ code, numeric, name, digits: decimals }))
    .sort((a, b) => (a.code < b.code ? -1 : 1));
}
