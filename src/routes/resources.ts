import type { FastifyInstance } from 'fastify';
import { one, whole } from '../routing/answers.ts';
import { route } from '../routing/route.ts';
import { idParam } from '../schemas/common.ts';
import {
  Category,
  Country,
  Currency,
  Interface,
  PaymentMethod,
  Resources,
  resourcesQuery,
  State,
  Venue,
} from '../schemas/resources.ts';
import { getInterface, getVenue, interfaces, venues } from '../services/catalogues/company.ts';
import {
  countries,
  currencies,
  getCountry,
  paymentMethods,
  statesOf,
} from '../services/catalogues/reference.ts';
import { resources } from '../services/catalogues/resources.ts';
import { getCategory, listCategories } from '../services/places/categories.ts';

const READ = { tag: 'Resources', scopes: ['public'] } as const;
/** The same for every reader of an interface. */
const PUBLISHED = { ...READ, published: true } as const;

/** The catalogues: what forms offer to choose from. */
export async function resourceRoutes(app: FastifyInstance): Promise<void> {
  // Interfaces are those of the client, so nothing that holds them is the same for all readers.
  route(
    app,
    'GET',
    '/resources',
    {
      ...READ,
      operation: 'listResources',
      summary: 'Several catalogues in one call',
      query: resourcesQuery,
      answer: one('resources', Resources),
    },
    ({ ctx, query }) => resources(ctx, query.resources),
  );
  route(
    app,
    'GET',
    '/interfaces',
    {
      ...READ,
      operation: 'listInterfaces',
      summary: 'Sales channels',
      answer: whole('interfaces', Interface),
    },
    ({ ctx }) => interfaces(ctx),
  );
  route(
    app,
    'GET',
    '/interfaces/:interface_id',
    {
      ...READ,
      operation: 'getInterface',
      summary: 'One sales channel',
      params: { interface_id: idParam },
      answer: one('interface', Interface),
      problems: ['not_found'],
    },
    ({ ctx, params }) => getInterface(ctx, params.interface_id),
  );
  route(
    app,
    'GET',
    '/currencies',
    {
      ...PUBLISHED,
      operation: 'listCurrencies',
      summary: 'Currencies (ISO 4217)',
      answer: whole('currencies', Currency),
    },
    ({ ctx }) => currencies(ctx),
  );
  route(
    app,
    'GET',
    '/countries',
    {
      ...PUBLISHED,
      operation: 'listCountries',
      summary: 'Countries (ISO 3166-1)',
      answer: whole('countries', Country),
    },
    ({ ctx }) => countries(ctx),
  );
  route(
    app,
    'GET',
    '/countries/:country_id',
    {
      ...PUBLISHED,
      operation: 'getCountry',
      summary: 'One country',
      params: { country_id: idParam },
      answer: one('country', Country),
      problems: ['not_found'],
    },
    ({ ctx, params }) => getCountry(ctx, params.country_id),
  );
  route(
    app,
    'GET',
    '/countries/:country_id/states',
    {
      ...PUBLISHED,
      operation: 'listStates',
      summary: 'States of a country (ISO 3166-2)',
      params: { country_id: idParam },
      answer: whole('states', State),
      problems: ['not_found'],
    },
    ({ ctx, params }) => statesOf(ctx, params.country_id),
  );
  route(
    app,
    'GET',
    '/categories',
    {
      ...PUBLISHED,
      operation: 'listCategories',
      summary: 'Event categories',
      answer: whole('categories', Category),
    },
    ({ ctx }) => listCategories(ctx),
  );
  route(
    app,
    'GET',
    '/categories/:category_id',
    {
      ...PUBLISHED,
      operation: 'getCategory',
      summary: 'One event category',
      params: { category_id: idParam },
      answer: one('category', Category),
      problems: ['not_found'],
    },
    ({ ctx, params }) => getCategory(ctx, params.category_id),
  );
  route(
    app,
    'GET',
    '/venues',
    { ...PUBLISHED, operation: 'listVenues', summary: 'Venues', answer: whole('venues', Venue) },
    ({ ctx }) => venues(ctx),
  );
  route(
    app,
    'GET',
    '/venues/:venue_id',
    {
      ...PUBLISHED,
      operation: 'getVenue',
      summary: 'One venue',
      params: { venue_id: idParam },
      answer: one('venue', Venue),
      problems: ['not_found'],
    },
    ({ ctx, params }) => getVenue(ctx, params.venue_id),
  );
  route(
    app,
    'GET',
    '/payment_methods',
    {
      ...PUBLISHED,
      operation: 'listPaymentMethods',
      summary: 'Ways to pay that the interface takes from the caller',
      answer: whole('payment_methods', PaymentMethod),
    },
    ({ ctx }) => paymentMethods(ctx),
  );
}
