import type { FastifyInstance } from 'fastify';
import { csvBodies } from '../hooks/csv-body.ts';
import { jsonInPieces } from '../hooks/json-pieces.ts';
import { empty, one, page } from '../routing/answers.ts';
import { route } from '../routing/route.ts';
import {
  csvQuery,
  MAP_BODY_LIMIT,
  MAP_PARTS,
  ManagedMap,
  MapBody,
  MapCsv,
  MapExport,
  managedMapParams,
  managedMapsQuery,
} from '../schemas/managed-maps.ts';
import {
  createMap,
  createMapOfCsv,
  deleteMap,
  exportMap,
  listManagedMaps,
} from '../services/maps/managed.ts';
import { updateMap } from '../services/maps/update.ts';

const MANAGED = { tag: 'Management', scopes: ['admin'] } as const;
const MADE = {
  ...MANAGED,
  answer: one('map', ManagedMap, { status: 201, location: ({ id }) => `/maps/${id}` }),
  bodyLimit: MAP_BODY_LIMIT,
} as const;

/** Maps of venues, as organisers import, export and edit them. */
export async function managedMapRoutes(app: FastifyInstance): Promise<void> {
  route(
    app,
    'GET',
    '/maps',
    {
      ...MANAGED,
      operation: 'listManagedMaps',
      summary: 'Maps of the company',
      query: managedMapsQuery,
      answer: page('maps', ManagedMap),
    },
    ({ ctx, query, page: asked }) => listManagedMaps(ctx, query, asked),
  );
  route(
    app,
    'GET',
    '/maps/:map_id',
    {
      ...MANAGED,
      operation: 'exportMap',
      summary: 'Export a whole map, as it was imported',
      params: managedMapParams,
      answer: one('map', MapExport),
      problems: ['not_found'],
    },
    ({ ctx, params }) => exportMap(ctx, params.map_id),
  );
  route(
    app,
    'DELETE',
    '/maps/:map_id',
    {
      ...MANAGED,
      operation: 'deleteMap',
      summary: 'Delete a map that no event uses',
      params: managedMapParams,
      answer: empty(),
      problems: ['not_found', 'conflict'],
      ifMatch: true,
    },
    ({ ctx, params }) => deleteMap(ctx, params.map_id),
  );
}

/** Whole maps in one body, checked while they arrive. */
export async function wholeMapRoutes(app: FastifyInstance): Promise<void> {
  jsonInPieces(app, MAP_PARTS);
  route(
    app,
    'POST',
    '/maps',
    {
      ...MADE,
      operation: 'createMap',
      summary: 'Import a whole map',
      description:
        'Up to 100,000 seats in one request of up to 32 MB. Every fault is named with its pointer, 100 at most, and ' +
        'nothing is kept then: outside the map, two on one spot, two of one name, a companion beside nobody.',
      body: MapBody,
    },
    ({ ctx, body }) => createMap(ctx, body),
  );
  route(
    app,
    'PUT',
    '/maps/:map_id',
    {
      ...MANAGED,
      operation: 'updateMap',
      summary: 'Replace a map by an edited one, while tickets sell',
      description:
        'Sections, rows and seats are recognised by `id`, else by what they are called, and stay what they are ' +
        'wherever they are moved and however they are called now. New seats are on sale at once at every published ' +
        'event that uses the map. Seats with sales, holds or blocks cannot leave: 409 with `seat_ids`.',
      params: managedMapParams,
      body: MapBody,
      answer: one('map', ManagedMap),
      problems: ['not_found', 'conflict'],
      ifMatch: true,
      bodyLimit: MAP_BODY_LIMIT,
    },
    ({ ctx, params, body }) => updateMap(ctx, params.map_id, body),
  );
}

/** The same from a table: the one route that takes text/csv. */
export async function mapCsvRoutes(app: FastifyInstance): Promise<void> {
  csvBodies(app, { fields: ['name', 'venue_id'], numbers: ['venue_id'] });
  route(
    app,
    'POST',
    '/maps/csv',
    {
      ...MADE,
      operation: 'createMapOfCsv',
      summary: 'Import a map of seats from CSV',
      description:
        'As `text/csv` with the name of the map in the query, or as JSON with the table in `csv`. Faults are named by ' +
        'line: `/csv/12/x`.',
      query: csvQuery,
      body: MapCsv,
      csv: true,
    },
    ({ ctx, body }) => createMapOfCsv(ctx, body),
  );
}
