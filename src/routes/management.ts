import type { FastifyInstance } from 'fastify';
import { empty, one, page } from '../routing/answers.ts';
import { route } from '../routing/route.ts';
import { AuditLog, auditQuery } from '../schemas/audit-logs.ts';
import { InterfaceCreate, InterfacePatch, interfaceParams } from '../schemas/clients.ts';
import {
  CategoryCreate,
  CategoryPatch,
  categoryParams,
  VenueCreate,
  VenuePatch,
  venueParams,
} from '../schemas/places.ts';
import { Category, Interface, Venue } from '../schemas/resources.ts';
import { listAuditLogs } from '../services/audit-logs.ts';
import { createInterface, deactivateInterface, updateInterface } from '../services/interfaces/write.ts';
import { createCategory, deleteCategory, updateCategory } from '../services/places/categories.ts';
import { createVenue, deleteVenue, updateVenue } from '../services/places/venues.ts';

const MANAGED = { tag: 'Management', scopes: ['admin'] } as const;
const CHANGED = { ...MANAGED, ifMatch: true, problems: ['not_found', 'conflict'] } as const;

/** What an organiser sets up once: interfaces, venues, categories; and the log of who changed what. */
export async function managementRoutes(app: FastifyInstance): Promise<void> {
  route(
    app,
    'POST',
    '/interfaces',
    {
      ...MANAGED,
      operation: 'createInterface',
      summary: 'Open a sales channel',
      body: InterfaceCreate,
      answer: one('interface', Interface, { status: 201, location: ({ id }) => `/interfaces/${id}` }),
    },
    ({ ctx, body }) => createInterface(ctx, body),
  );
  route(
    app,
    'PATCH',
    '/interfaces/:interface_id',
    {
      ...CHANGED,
      operation: 'updateInterface',
      summary: 'Change a sales channel; stop it or bring it back',
      params: interfaceParams,
      body: InterfacePatch,
      answer: one('interface', Interface),
    },
    ({ ctx, params, body }) => updateInterface(ctx, params.interface_id, body),
  );
  route(
    app,
    'DELETE',
    '/interfaces/:interface_id',
    {
      ...CHANGED,
      operation: 'deactivateInterface',
      summary: 'Stop a sales channel',
      description: 'Its carts, tickets and books stay; PATCH with `active: true` brings it back.',
      params: interfaceParams,
      answer: empty(),
    },
    ({ ctx, params }) => deactivateInterface(ctx, params.interface_id),
  );
  route(
    app,
    'POST',
    '/venues',
    {
      ...MANAGED,
      operation: 'createVenue',
      summary: 'Add a venue',
      body: VenueCreate,
      answer: one('venue', Venue, { status: 201, location: ({ id }) => `/venues/${id}` }),
    },
    ({ ctx, body }) => createVenue(ctx, body),
  );
  route(
    app,
    'PATCH',
    '/venues/:venue_id',
    {
      ...CHANGED,
      operation: 'updateVenue',
      summary: 'Change a venue',
      params: venueParams,
      body: VenuePatch,
      answer: one('venue', Venue),
    },
    ({ ctx, params, body }) => updateVenue(ctx, params.venue_id, body),
  );
  route(
    app,
    'DELETE',
    '/venues/:venue_id',
    {
      ...CHANGED,
      operation: 'deleteVenue',
      summary: 'Delete a venue that nothing is at',
      params: venueParams,
      answer: empty(),
    },
    ({ ctx, params }) => deleteVenue(ctx, params.venue_id),
  );
  route(
    app,
    'POST',
    '/categories',
    {
      ...MANAGED,
      operation: 'createCategory',
      summary: 'Add an event category',
      body: CategoryCreate,
      answer: one('category', Category, { status: 201, location: ({ id }) => `/categories/${id}` }),
      problems: ['conflict'],
    },
    ({ ctx, body }) => createCategory(ctx, body),
  );
  route(
    app,
    'PATCH',
    '/categories/:category_id',
    {
      ...CHANGED,
      operation: 'updateCategory',
      summary: 'Change an event category',
      params: categoryParams,
      body: CategoryPatch,
      answer: one('category', Category),
    },
    ({ ctx, params, body }) => updateCategory(ctx, params.category_id, body),
  );
  route(
    app,
    'DELETE',
    '/categories/:category_id',
    {
      ...CHANGED,
      operation: 'deleteCategory',
      summary: 'Delete an event category without events',
      params: categoryParams,
      answer: empty(),
    },
    ({ ctx, params }) => deleteCategory(ctx, params.category_id),
  );
  route(
    app,
    'GET',
    '/audit_logs',
    {
      ...MANAGED,
      operation: 'listAuditLogs',
      summary: 'Who did what, before and after',
      description: 'Newest first. Entries are only ever added.',
      query: auditQuery,
      answer: page('audit_logs', AuditLog),
    },
    ({ ctx, query, page: asked }) => listAuditLogs(ctx, query, asked),
  );
}
