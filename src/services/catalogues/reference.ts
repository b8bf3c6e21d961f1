import type { z } from 'zod';
import {
  languages as allLanguages,
  paymentMethods as allPaymentMethods,
  timeZones as allTimeZones,
} from '../../../prisma/seed/reference.ts';
import type { Context } from '../../context.ts';
import { type Language, notFound } from '../../errors.ts';
import type {
  Country,
  Currency,
  DocumentType,
  LanguageName,
  PaymentMethod,
  State,
  TimeZone,
} from '../../schemas/resources.ts';
import { takesCards } from '../payments/providers.ts';

/** A name kept in every language; a missing one falls back to English. */
export const localName = (name: unknown, language: Language): string => {
  const names = name as Partial<Record<Language, string>>;
  return names[language] ?? names.en ?? '';
};

/** Orders by name as the readers of a language expect it; equal names by id, so that the order is total. */
function byName<T extends { id: number; name: string }>(rows: T[], language: Language): T[] {
  const collator = new Intl.Collator(language);
  return rows.sort((a, b) => collator.compare(a.name, b.name) || a.id - b.id);
}

/** The currencies of ISO 4217, by code. */
export function currencies(ctx: Context): Promise<z.output<typeof Currency>[]> {
  return ctx.system.db.prisma.currency.findMany({ orderBy: { code: 'asc' } });
}

/** The countries of ISO 3166-1, by name. */
export async function countries(ctx: Context): Promise<z.output<typeof Country>[]> {
  const rows = await ctx.system.db.prisma.country.findMany();
  return byName(
    rows.map((row) => ({ ...row, name: localName(row.name, ctx.language) })),
    ctx.language,
  );
}

/** @throws AppError not_found */
export async function getCountry(ctx: Context, id: number): Promise<z.output<typeof Country>> {
  const row = await ctx.system.db.prisma.country.findUnique({ where: { id } });
  if (!row) throw notFound('Country');
  return { ...row, name: localName(row.name, ctx.language) };
}

/**
 * The subdivisions (ISO 3166-2) of one country, by name; a country without any has an empty list.
 * @throws AppError not_found for an unknown country
 */
export async function statesOf(ctx: Context, country_id: number): Promise<z.output<typeof State>[]> {
  await getCountry(ctx, country_id);
  return byName(await ctx.system.db.prisma.state.findMany({ where: { country_id } }), ctx.language);
}

/** The subdivisions of all countries, by country. */
export function states(ctx: Context): Promise<z.output<typeof State>[]> {
  return ctx.system.db.prisma.state.findMany({
    orderBy: [{ country_id: 'asc' }, { name: 'asc' }, { id: 'asc' }],
  });
}

/** The papers that identify a buyer or holder. */
export async function documentTypes(ctx: Context): Promise<z.output<typeof DocumentType>[]> {
  const rows = await ctx.system.db.prisma.documentType.findMany({ orderBy: { code: 'asc' } });
  return rows.map(({ code, name }) => ({ code, name: localName(name, ctx.language) }));
}

/** The ways to pay that the interface takes from this caller: some need `sell`. */
export function paymentMethods(ctx: Context): z.output<typeof PaymentMethod>[] {
  return allPaymentMethods
    .filter(({ code }) => ctx.interface.payment_methods.includes(code))
    .filter(({ code }) => code !== 'card' || takesCards(ctx.system))
    .filter(({ scopes }) => scopes.includes('buy') || ctx.scopes.has('sell'))
    .map(({ code, name }) => ({ code, name: localName(name, ctx.language) }));
}

/** The languages of ISO 639-1, by code. */
export const languages = (): z.output<typeof LanguageName>[] => allLanguages();

/** The IANA time zones, by name. */
export const timeZones = (): z.output<typeof TimeZone>[] => allTimeZones().map((name) => ({ name }));
