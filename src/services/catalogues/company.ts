import type { z } from 'zod';
import type { Context } from '../../context.ts';
import { notFound } from '../../errors.ts';
import type { Category, Interface, Venue } from '../../schemas/resources.ts';
import { localName } from './reference.ts';

/** The sales channels that the client may use; for `admin` every active one of the company (seed: Interfaces). */
export async function interfaces(ctx: Context): Promise<z.output<typeof Interface>[]> {
  const { prisma } = ctx.system.db;
  const { company_id, client_id } = ctx;
  const [client, rows] = await Promise.all([
    prisma.client.findUnique({ where: { id: client_id }, select: { default_interface_id: true } }),
    prisma.interface.findMany({
      where: {
        company_id,
        active: true,
        ...(!ctx.scopes.has('admin') && { clients: { some: { client_id } } }),
      },
      orderBy: { id: 'asc' },
    }),
  ]);
  return rows.map(({ id, name, kind, currency, time_zone, language, hold_seconds, payment_methods }) => ({
    id,
    name,
    kind,
    currency,
    time_zone,
    language,
    hold_seconds,
    payment_methods,
    default: id === client?.default_interface_id,
  }));
}

/** @throws AppError not_found also for one that is not granted to the client */
export async function getInterface(ctx: Context, id: number): Promise<z.output<typeof Interface>> {
  const found = (await interfaces(ctx)).find((row) => row.id === id);
  if (!found) throw notFound('Interface');
  return found;
}

/** The company's event categories. */
export async function categories(ctx: Context): Promise<z.output<typeof Category>[]> {
  const { company_id } = ctx;
  const rows = await ctx.system.db.prisma.category.findMany({
    where: { company_id },
    orderBy: { id: 'asc' },
  });
  return rows.map(({ id, code, name }) => ({ id, code, name: localName(name, ctx.language) }));
}

const OWN = { omit: { company_id: true } } as const;

/** The company's venues, by name. */
export function venues(ctx: Context): Promise<z.output<typeof Venue>[]> {
  const { company_id } = ctx;
  return ctx.system.db.prisma.venue.findMany({
    ...OWN,
    where: { company_id },
    orderBy: [{ name: 'asc' }, { id: 'asc' }],
  });
}

/** @throws AppError not_found */
export async function getVenue(ctx: Context, id: number): Promise<z.output<typeof Venue>> {
  const { company_id } = ctx;
  const row = await ctx.system.db.prisma.venue.findUnique({
    ...OWN,
    where: { company_id_id: { company_id, id } },
  });
  if (!row) throw notFound('Venue');
  return row;
}
