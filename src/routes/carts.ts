import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { created, empty, one, page } from '../routing/answers.ts';
import { route } from '../routing/route.ts';
import {
  AddSaleDetails,
  ApplyCode,
  Cart,
  ExtendCart,
  OpenCart,
  PatchCart,
  PatchSaleDetail,
  SaleDetail,
} from '../schemas/carts.ts';
import { idParam, instant, listParam, uuidParam } from '../schemas/common.ts';
import { cancelCart, extendCart, patchCart } from '../services/carts/change.ts';
import { applyCode, removeCode } from '../services/carts/codes.ts';
import { addSaleDetails, openCart } from '../services/carts/hold.ts';
import { deleteSaleDetail, patchSaleDetail } from '../services/carts/lines.ts';
import { getCart, getSaleDetail, listCarts, listSaleDetails } from '../services/carts/read.ts';

const tag = 'Carts';
const scopes = ['buy', 'sell'] as const;
const cart = { cart_id: uuidParam };
const line = { cart_id: uuidParam, sale_detail_id: uuidParam };
const closed = ['cart_expired', 'cart_not_open'] as const;
const refused = [
  'seats_unavailable',
  'sold_out',
  'not_on_sale',
  'limit_exceeded',
  'orphan_seat',
  'companion_seat',
  'code_not_applicable',
  'queue_required',
] as const;

/** Carts: opening, holding, codes, lines. Their payments are in payments.ts, their tickets in tickets.ts. */
export async function cartRoutes(app: FastifyInstance): Promise<void> {
  route(
    app,
    'POST',
    '/carts',
    {
      operation: 'openCart',
      summary: 'Open a cart, with or without items',
      description:
        'Everything the cart holds is kept for it until `expires_at`. All items are held or none is.',
      tag,
      scopes,
      body: OpenCart,
      dryRun: true,
      answer: one('cart', Cart, { status: 201, location: (c) => `/carts/${c.id}` }),
      problems: ['conflict', ...refused],
    },
    ({ ctx, body }) => openCart(ctx, body),
  );

  route(
    app,
    'GET',
    '/carts',
    {
      operation: 'listCarts',
      summary: 'History of carts, newest first',
      tag,
      scopes,
      query: {
        status: listParam([
          'open',
          'pending_payment',
          'paid',
          'partially_refunded',
          'refunded',
          'expired',
          'cancelled',
        ]).optional(),
        event_id: idParam.optional(),
        user_id: idParam.optional(),
        email: z.string().max(254).optional(),
        from: instant.optional(),
        to: instant.optional(),
      },
      answer: page('carts', Cart),
      problems: ['user_required'],
    },
    ({ ctx, query, page }) => listCarts(ctx, query, page),
  );

  route(
    app,
    'GET',
    '/carts/:cart_id',
    {
      operation: 'getCart',
      summary: 'A cart with its lines',
      tag,
      scopes,
      params: cart,
      answer: one('cart', Cart),
    },
    ({ ctx, params }) => getCart(ctx, params.cart_id),
  );

  route(
    app,
    'PATCH',
    '/carts/:cart_id',
    {
      operation: 'changeCart',
      summary: 'Change buyer or notes of an open cart',
      description: "A user's token adopts by it a cart that its client opened anonymously.",
      tag,
      scopes,
      params: cart,
      body: PatchCart,
      ifMatch: true,
      answer: one('cart', Cart),
      problems: [...closed, 'limit_exceeded'],
    },
    ({ ctx, params, body }) => patchCart(ctx, params.cart_id, body),
  );

  route(
    app,
    'DELETE',
    '/carts/:cart_id',
    {
      operation: 'cancelCart',
      summary: 'Cancel an unpaid cart and free all it holds',
      tag,
      scopes,
      params: cart,
      ifMatch: true,
      answer: empty(),
      problems: [...closed],
    },
    ({ ctx, params }) => cancelCart(ctx, params.cart_id),
  );

  route(
    app,
    'POST',
    '/carts/:cart_id/extend',
    {
      operation: 'extendCart',
      summary: 'Hold an open cart for longer',
      description: 'Once, and 30 minutes in all, for `buy`; `sell` as often as it likes.',
      tag,
      scopes,
      params: cart,
      body: ExtendCart,
      answer: one('cart', Cart),
      problems: [...closed, 'limit_exceeded'],
    },
    ({ ctx, params, body }) => extendCart(ctx, params.cart_id, body),
  );

  route(
    app,
    'POST',
    '/carts/:cart_id/sale_details',
    {
      operation: 'addSaleDetails',
      summary: 'Hold places, seats or products for a cart',
      description:
        'All or nothing. General admission by quantity, chosen seats, or the best available; one ticket is one sale detail.',
      tag,
      scopes,
      params: cart,
      body: AddSaleDetails,
      dryRun: true,
      answer: created('sale_details', SaleDetail),
      problems: ['conflict', ...closed, ...refused],
    },
    ({ ctx, params, body }) => addSaleDetails(ctx, params.cart_id, body),
  );

  route(
    app,
    'GET',
    '/carts/:cart_id/sale_details',
    {
      operation: 'listSaleDetails',
      summary: 'The lines of a cart',
      tag,
      scopes,
      params: cart,
      answer: page('sale_details', SaleDetail),
    },
    ({ ctx, params, page }) => listSaleDetails(ctx, params.cart_id, page),
  );

  route(
    app,
    'GET',
    '/carts/:cart_id/sale_details/:sale_detail_id',
    {
      operation: 'getSaleDetail',
      summary: 'One line of a cart',
      tag,
      scopes,
      params: line,
      answer: one('sale_detail', SaleDetail),
    },
    ({ ctx, params }) => getSaleDetail(ctx, params.cart_id, params.sale_detail_id),
  );

  route(
    app,
    'PATCH',
    '/carts/:cart_id/sale_details/:sale_detail_id',
    {
      operation: 'changeSaleDetail',
      summary: 'Change the holder of a line; with sell also its price',
      tag,
      scopes,
      params: line,
      body: PatchSaleDetail,
      ifMatch: true,
      dryRun: true,
      answer: one('sale_detail', SaleDetail),
      problems: [...closed, 'limit_exceeded'],
    },
    ({ ctx, params, body }) => patchSaleDetail(ctx, params.cart_id, params.sale_detail_id, body),
  );

  route(
    app,
    'DELETE',
    '/carts/:cart_id/sale_details/:sale_detail_id',
    {
      operation: 'removeSaleDetail',
      summary: 'Take a line out of an open cart',
      tag,
      scopes,
      params: line,
      ifMatch: true,
      answer: empty(),
      problems: [...closed],
    },
    ({ ctx, params }) => deleteSaleDetail(ctx, params.cart_id, params.sale_detail_id),
  );

  route(
    app,
    'POST',
    '/carts/:cart_id/codes',
    {
      operation: 'applyCode',
      summary: 'Apply a promotion or access code',
      tag,
      scopes,
      params: cart,
      body: ApplyCode,
      dryRun: true,
      answer: one('cart', Cart, { status: 201 }),
      problems: ['code_not_applicable', ...closed],
    },
    ({ ctx, params, body }) => applyCode(ctx, params.cart_id, body.code),
  );

  route(
    app,
    'DELETE',
    '/carts/:cart_id/codes/:code',
    {
      operation: 'removeCode',
      summary: 'Take a code off an open cart',
      tag,
      scopes,
      params: { cart_id: uuidParam, code: z.string().max(64) },
      answer: empty(),
      problems: ['conflict', ...closed],
    },
    ({ ctx, params }) => removeCode(ctx, params.cart_id, params.code),
  );
}
