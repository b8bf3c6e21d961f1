import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';
import { empty, one } from '../routing/answers.ts';
import { BULK, results } from '../routing/bulk.ts';
import { route } from '../routing/route.ts';
import {
  GateCreate,
  GatePatch,
  GatesBulk,
  gateParams,
  ManagedGate,
  ManagedProduct,
  ManagedTicketType,
  ProductCreate,
  ProductPatch,
  ProductsBulk,
  productParams,
  TicketTypeCreate,
  TicketTypePatch,
  TicketTypesBulk,
  typeParams,
} from '../schemas/event-management.ts';
import { eventParams } from '../schemas/events.ts';
import { gates, products, ticketTypes } from '../services/events/manage/things.ts';

const MANAGE = { tag: 'Management', scopes: ['admin'], problems: ['not_found', 'conflict'] } as const;

/** How a new thing is answered: where it is from now on. */
const made = <S extends z.ZodType<{ id: number; event_id: number }>>(root: string, schema: S) =>
  one(root, schema, { status: 201, location: ({ id, event_id }) => `/events/${event_id}/${root}s/${id}` });

/** Ticket types, products and gates, for the organiser of their event. */
export async function eventThingRoutes(app: FastifyInstance): Promise<void> {
  const type = { ...MANAGE, params: typeParams, answer: one('ticket_type', ManagedTicketType) } as const;
  route(
    app,
    'POST',
    '/events/:event_id/ticket_types',
    {
      ...MANAGE,
      operation: 'createTicketType',
      summary: 'Add a ticket type to an event',
      params: eventParams,
      body: TicketTypeCreate,
      answer: made('ticket_type', ManagedTicketType),
    },
    ({ ctx, params, body }) => ticketTypes.add(ctx, params.event_id, body),
  );
  route(
    app,
    'POST',
    '/events/:event_id/ticket_types/bulk',
    {
      ...MANAGE,
      operation: 'createTicketTypes',
      summary: 'Add many ticket types at once',
      description: BULK,
      params: eventParams,
      body: TicketTypesBulk,
      answer: results('ticket_type', ManagedTicketType),
    },
    ({ ctx, params, body }) => ticketTypes.addMany(ctx, params.event_id, body.mode, body.ticket_types),
  );
  route(
    app,
    'GET',
    '/events/:event_id/ticket_types/:ticket_type_id',
    { ...type, operation: 'getTicketType', summary: 'A ticket type with the rules of its price' },
    ({ ctx, params }) => ticketTypes.get(ctx, params.event_id, params.ticket_type_id),
  );
  route(
    app,
    'PATCH',
    '/events/:event_id/ticket_types/:ticket_type_id',
    {
      ...type,
      operation: 'updateTicketType',
      summary: 'Change a ticket type; what is held or sold keeps its price',
      body: TicketTypePatch,
      ifMatch: true,
    },
    ({ ctx, params, body }) => ticketTypes.change(ctx, params.event_id, params.ticket_type_id, body),
  );
  route(
    app,
    'DELETE',
    '/events/:event_id/ticket_types/:ticket_type_id',
    {
      ...type,
      operation: 'deleteTicketType',
      summary: 'Delete a ticket type that was never sold',
      ifMatch: true,
      answer: empty(),
    },
    ({ ctx, params }) => ticketTypes.remove(ctx, params.event_id, params.ticket_type_id),
  );

  const product = { ...MANAGE, params: productParams, answer: one('product', ManagedProduct) } as const;
  route(
    app,
    'POST',
    '/events/:event_id/products',
    {
      ...MANAGE,
      operation: 'createProduct',
      summary: 'Add a product to an event',
      params: eventParams,
      body: ProductCreate,
      answer: made('product', ManagedProduct),
    },
    ({ ctx, params, body }) => products.add(ctx, params.event_id, body),
  );
  route(
    app,
    'POST',
    '/events/:event_id/products/bulk',
    {
      ...MANAGE,
      operation: 'createProducts',
      summary: 'Add many products at once',
      description: BULK,
      params: eventParams,
      body: ProductsBulk,
      answer: results('product', ManagedProduct),
    },
    ({ ctx, params, body }) => products.addMany(ctx, params.event_id, body.mode, body.products),
  );
  route(
    app,
    'GET',
    '/events/:event_id/products/:product_id',
    { ...product, operation: 'getProduct', summary: 'A product with the rules of its price' },
    ({ ctx, params }) => products.get(ctx, params.event_id, params.product_id),
  );
  route(
    app,
    'PATCH',
    '/events/:event_id/products/:product_id',
    {
      ...product,
      operation: 'updateProduct',
      summary: 'Change a product; what is held or sold keeps its price',
      body: ProductPatch,
      ifMatch: true,
    },
    ({ ctx, params, body }) => products.change(ctx, params.event_id, params.product_id, body),
  );
  route(
    app,
    'DELETE',
    '/events/:event_id/products/:product_id',
    {
      ...product,
      operation: 'deleteProduct',
      summary: 'Delete a product that was never sold',
      ifMatch: true,
      answer: empty(),
    },
    ({ ctx, params }) => products.remove(ctx, params.event_id, params.product_id),
  );

  const gate = { ...MANAGE, params: gateParams, answer: one('gate', ManagedGate) } as const;
  route(
    app,
    'POST',
    '/events/:event_id/gates',
    {
      ...MANAGE,
      operation: 'createGate',
      summary: 'Add a gate to an event',
      params: eventParams,
      body: GateCreate,
      answer: made('gate', ManagedGate),
    },
    ({ ctx, params, body }) => gates.add(ctx, params.event_id, body),
  );
  route(
    app,
    'POST',
    '/events/:event_id/gates/bulk',
    {
      ...MANAGE,
      operation: 'createGates',
      summary: 'Add many gates at once',
      description: BULK,
      params: eventParams,
      body: GatesBulk,
      answer: results('gate', ManagedGate),
    },
    ({ ctx, params, body }) => gates.addMany(ctx, params.event_id, body.mode, body.gates),
  );
  route(
    app,
    'GET',
    '/events/:event_id/gates/:gate_id',
    { ...gate, operation: 'getGate', summary: 'A gate of an event' },
    ({ ctx, params }) => gates.get(ctx, params.event_id, params.gate_id),
  );
  route(
    app,
    'PATCH',
    '/events/:event_id/gates/:gate_id',
    { ...gate, operation: 'updateGate', summary: 'Change a gate', body: GatePatch, ifMatch: true },
    ({ ctx, params, body }) => gates.change(ctx, params.event_id, params.gate_id, body),
  );
  route(
    app,
    'DELETE',
    '/events/:event_id/gates/:gate_id',
    {
      ...gate,
      operation: 'deleteGate',
      summary: 'Delete a gate that nothing refers to',
      ifMatch: true,
      answer: empty(),
    },
    ({ ctx, params }) => gates.remove(ctx, params.event_id, params.gate_id),
  );
}
