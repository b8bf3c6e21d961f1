import { currencies as iso4217 } from 'countries-list/currencies';
import iso6391 from 'iso-639-1';
import { iso31661, iso31662 } from 'iso-3166';
import { describe, expect, test } from 'vitest';
import countryIds from '../../prisma/seed/reference/country-ids.json' with { type: 'json' };
import { WITHOUT_MINOR_UNIT } from '../../prisma/seed/reference/currencies.ts';
import { extendIds, idOf } from '../../prisma/seed/reference/ids.ts';
import stateIds from '../../prisma/seed/reference/state-ids.json' with { type: 'json' };
import { NOT_CURRENT } from '../../prisma/seed/reference/states.ts';
import {
  categories,
  countries,
  currencies,
  documentTypes,
  languages,
  paymentMethods,
  states,
  timeZones,
} from '../../prisma/seed/reference.ts';

const unique = (values: unknown[]) => new Set(values).size === values.length;
const ascending = (ids: number[]) => ids.every((id, i) => i === 0 || id > (ids[i - 1] ?? id));
const clean = (name: string) => name.length > 0 && name === name.trim();

describe('countries', () => {
  const rows = countries();
  const byCode = new Map(rows.map((row) => [row.code, row]));

  test('are the complete ISO 3166-1 set, by id', () => {
    expect(rows).toHaveLength(249);
    expect(new Set(byCode.keys())).toEqual(new Set(iso31661.map(({ alpha2 }) => alpha2)));
    expect(ascending(rows.map(({ id }) => id))).toBe(true);
  });

  test('have unique, well-formed codes', () => {
    for (const key of ['id', 'code', 'code3', 'numeric'] as const) {
      expect(unique(rows.map((row) => row[key]))).toBe(true);
    }
    const malformed = rows.filter(
      ({ code, code3, numeric }) =>
        !/^[A-Z]{2}$/.test(code) || !/^[A-Z]{3}$/.test(code3) || !/^\d{3}$/.test(numeric),
    );
    expect(malformed).toEqual([]);
  });

  test('are named in every language, no two alike', () => {
    for (const language of ['en', 'es', 'pt'] as const) {
      const names = rows.map(({ name }) => name[language]);
      expect(names.filter((name) => !clean(name))).toEqual([]);
      expect(unique(names)).toBe(true);
    }
    expect(byCode.get('BR')).toEqual({
      id: 31,
      code: 'BR',
      code3: 'BRA',
      numeric: '076',
      name: { en: 'Brazil', es: 'Brasil', pt: 'Brasil' },
    });
    expect(byCode.get('DE')?.name).toEqual({ en: 'Germany', es: 'Alemania', pt: 'Alemanha' });
  });

  test('keep their ids', () => {
    const ids = ['AD', 'CL', 'CO', 'ES', 'MX', 'PT', 'US', 'ZW'].map((code) => byCode.get(code)?.id);
    expect(ids).toEqual([1, 46, 49, 68, 157, 184, 233, 249]);
  });
});

describe('states', () => {
  const rows = states();
  const byCode = new Map(rows.map((row) => [row.code, row]));

  test('are the complete ISO 3166-2 set, by id', () => {
    const expected = iso31662.map(({ code }) => code).filter((code) => !NOT_CURRENT.has(code));
    expect(rows).toHaveLength(expected.length);
    expect(new Set(byCode.keys())).toEqual(new Set(expected));
    expect(rows.length).toBeGreaterThanOrEqual(5046);
    expect(ascending(rows.map(({ id }) => id))).toBe(true);
  });

  test('leave out only what the package still carries', () => {
    const carried = new Set(iso31662.map(({ code }) => code));
    expect([...NOT_CURRENT].filter((code) => !carried.has(code))).toEqual([]);
    expect(NOT_CURRENT.size).toBe(24);
  });

  test('lie in their own country, with unique ids and codes and a name', () => {
    const countryCodes = new Map(countries().map(({ id, code }) => [id, code]));
    expect(unique(rows.map(({ id }) => id))).toBe(true);
    expect(unique(rows.map(({ code }) => code))).toBe(true);
    expect(rows.filter(({ code, country_id }) => countryCodes.get(country_id) !== code.slice(0, 2))).toEqual(
      [],
    );
    expect(rows.filter(({ code }) => !/^[A-Z]{2}-[A-Z0-9]{1,3}$/.test(code))).toEqual([]);
    expect(rows.filter(({ name }) => !clean(name))).toEqual([]);
  });

  test('hold state 530 of country 46, Santiago in Chile', () => {
    expect(rows.find(({ id }) => id === 530)).toEqual({
      id: 530,
      country_id: 46,
      code: 'CL-RM',
      name: 'Región Metropolitana de Santiago',
    });
    expect(countries().find(({ id }) => id === 46)?.code).toBe('CL');
  });

  test('keep their ids', () => {
    const ids = ['AD-02', 'BR-RJ', 'BR-SP', 'CL-VS', 'ES-MD', 'ZW-MW'].map((code) => byCode.get(code)?.id);
    expect(ids).toEqual([1, 470, 477, 683, 1233, 5046]);
  });
});

describe('ids', () => {
  test('of the committed tables are unique and need no authoring', () => {
    for (const table of [countryIds, stateIds]) expect(unique(Object.values(table))).toBe(true);
    expect(
      extendIds(
        countryIds,
        countries().map(({ code }) => code),
      ),
    ).toEqual(countryIds);
    expect(
      extendIds(
        stateIds,
        states().map(({ code }) => code),
      ),
    ).toEqual(stateIds);
  });

  test('are appended, never renumbered, and those of vanished codes not reused', () => {
    expect(extendIds({ B: 1, GONE: 5 }, ['C', 'B', 'A'])).toEqual({ B: 1, GONE: 5, A: 6, C: 7 });
  });

  test('can be pinned once: the others go round, and a later pin moves nothing', () => {
    const first = extendIds({}, ['A', 'B', 'C'], { C: 2 });
    expect(first).toEqual({ A: 1, C: 2, B: 3 });
    expect(extendIds(first, ['A', 'B', 'C'], { A: 9 })).toEqual(first);
    expect(() => extendIds(first, ['D'], { D: 2 })).toThrow('pinned for D');
  });

  test('missing for a code say what to run', () => {
    expect(() => idOf({}, 'ZZ')).toThrow('ZZ has no id: run tsx prisma/seed/reference/author-ids.ts');
  });
});

describe('currencies', () => {
  const rows = currencies();
  const byCode = new Map(rows.map((row) => [row.code, row]));

  test('are the active ISO 4217 codes that have a minor unit', () => {
    const active = Object.entries(iso4217).filter(([, { withdrawn }]) => !withdrawn);
    expect(rows).toHaveLength(active.length - WITHOUT_MINOR_UNIT.size);
    expect(rows.length).toBeGreaterThanOrEqual(165);
    for (const code of ['USD', 'EUR', 'BRL', 'MXN', 'COP', 'PEN', 'XCG', 'ZWG', 'SLE', 'VED', 'CLF', 'UYW']) {
      expect(byCode.has(code), code).toBe(true);
    }
    for (const code of ['XXX', 'XTS', 'XAU', 'XDR', 'ANG', 'BGN', 'HRK', 'SLL', 'ZWL']) {
      expect(byCode.has(code), code).toBe(false);
    }
  });

  test('leave out only codes the package lists without decimals', () => {
    const listed = new Map(Object.entries(iso4217));
    expect([...WITHOUT_MINOR_UNIT].filter((code) => listed.get(code)?.decimals !== 0)).toEqual([]);
  });

  test('have unique codes and numbers, a name, and 0 to 4 digits', () => {
    expect(unique(rows.map(({ code }) => code))).toBe(true);
    expect(unique(rows.map(({ numeric }) => numeric))).toBe(true);
    const malformed = rows.filter(
      ({ code, numeric, name, digits }) =>
        !/^[A-Z]{3}$/.test(code) ||
        !/^\d{3}$/.test(numeric) ||
        !clean(name) ||
        ![0, 1, 2, 3, 4].includes(digits),
    );
    expect(malformed).toEqual([]);
    expect(['CLP', 'JPY', 'USD', 'KWD', 'CLF'].map((code) => byCode.get(code)?.digits)).toEqual([
      0, 0, 2, 3, 4,
    ]);
    expect(byCode.get('ALL')?.numeric).toBe('008');
  });
});

describe('languages and time zones', () => {
  test('languages are the ISO 639-1 set, named', () => {
    const rows = languages();
    expect(rows).toHaveLength(iso6391.getAllCodes().length);
    expect(
      rows.filter((row) => !/^[a-z]{2}$/.test(row.code) || !clean(row.name) || !clean(row.native_name)),
    ).toEqual([]);
    expect(unique(rows.map(({ code }) => code))).toBe(true);
    expect(rows.find(({ code }) => code === 'pt')).toEqual({
      code: 'pt',
      name: 'Portuguese',
      native_name: 'Português',
    });
  });

  test('time zones can all be used, UTC among them', () => {
    const zones = timeZones();
    expect(unique(zones)).toBe(true);
    expect(zones).toEqual([...zones].sort());
    expect(zones).toEqual(
      expect.arrayContaining(['UTC', 'America/Santiago', 'America/Sao_Paulo', 'Europe/Madrid']),
    );
    for (const zone of zones) {
      expect(() => new Intl.DateTimeFormat('en', { timeZone: zone })).not.toThrow();
    }
  });
});

describe('short lists', () => {
  test('have unique snake_case codes and names in every language', () => {
    for (const list of [documentTypes, paymentMethods, categories]) {
      expect(unique(list.map(({ code }) => code))).toBe(true);
      for (const { code, name } of list) {
        expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
        expect(Object.keys(name).sort()).toEqual(['en', 'es', 'pt']);
        expect(Object.values(name).filter((text) => !clean(text))).toEqual([]);
      }
    }
    expect(documentTypes.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['national_id', 'passport', 'tax_id', 'driver_license']),
    );
  });

  test('payment methods: cash and external are for sell alone', () => {
    expect(Object.fromEntries(paymentMethods.map(({ code, scopes }) => [code, scopes]))).toEqual({
      free: ['buy', 'sell'],
      card: ['buy', 'sell'],
      cash: ['sell'],
      external: ['sell'],
    });
  });
});

test('the same rows come out every time', () => {
  expect([countries(), states(), currencies(), languages(), timeZones()]).toEqual([
    countries(),
    states(),
    currencies(),
    languages(),
    timeZones(),
  ]);
});
