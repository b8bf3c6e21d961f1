import type { z } from 'zod';
import type { Context } from '../../context.ts';
import { RESOURCE_NAMES, type ResourceName, type Resources } from '../../schemas/resources.ts';
import { listCategories } from '../places/categories.ts';
import { interfaces, venues } from './company.ts';
import {
  countries,
  currencies,
  documentTypes,
  languages,
  paymentMethods,
  states,
  timeZones,
} from './reference.ts';

const CATALOGUES: Record<ResourceName, (ctx: Context) => unknown> = {
  interfaces,
  currencies,
  countries,
  states,
  categories: listCategories,
  venues,
  payment_methods: paymentMethods,
  document_types: documentTypes,
  languages,
  time_zones: timeZones,
};

/** Several catalogues at once, each whole and as its own route gives it; without names, the list of names. */
export async function resources(
  ctx: Context,
  names?: readonly ResourceName[],
): Promise<z.output<typeof Resources>> {
  if (!names) return [...RESOURCE_NAMES];
  const entries = [...new Set(names)].map(async (name) => [name, await CATALOGUES[name](ctx)] as const);
  return Object.fromEntries(await Promise.all(entries));
}
