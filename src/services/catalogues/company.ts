import type { z } from 'zod';
import type { Context } from '../../context.ts';
import { notFound } from '../../errors.ts';
import type { Interface, Venue } from '../../schemas/resources.ts';

/** The sales channels that the client may use; for `admin` every one of the company, stopped ones too (seed: Interfaces). */
export async function interfaces(ctx: Context): Promise<z.output<typeof Interface>[]> {
  const { prisma } = ctx.system.db;
  const { company_id, client_id } = ctx;
  const managed = ctx.scopes.has('admin');
  const [client, rows] = await Promise.all([
    prisma.client.findUnique({ where: { id: client_id }, select: { default_interface_id: true } }),
    prisma.interface.findMany({
      omit: { company_id: true },
      where: { company_id, ...(!managed && { active: true, clients: { some: { client_id } } }) },
      orderBy: { id: 'asc' },
    }),
  ]);
  return rows.map(({ active, allowed_origins, max_hold_seconds, payment_seconds, ...row }) => ({
    ...row,
    default: row.id === client?.default_interface_id,
    ...(managed && { active, allowed_origins, max_hold_seconds, payment_seconds }),
  }));
}

/** @throws AppError not_found also for one that is not granted to the client */
export async function getInterface(ctx: Context, id: number): Promise<z.output<typeof Interface>> {
  const found = (await interfaces(ctx)).find((row) => row.id === id);
  if (!found) throw notFound('Interface');
  return found;
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
