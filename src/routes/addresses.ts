import type { FastifyInstance } from 'fastify';
import { empty, one, page } from '../routing/answers.ts';
import { route } from '../routing/route.ts';
import { Address, AddressCreate, AddressParams, AddressPatch } from '../schemas/addresses.ts';
import { UserParams } from '../schemas/users.ts';
import {
  createAddress,
  deleteAddress,
  getAddress,
  listAddresses,
  updateAddress,
} from '../services/users/addresses.ts';

const common = { tag: 'Users', scopes: ['buy', 'sell', 'admin'] as const };
const problems = ['not_found', 'user_required'] as const;

/** Addresses of users: one of them is the default. */
export async function addressRoutes(app: FastifyInstance) {
  route(
    app,
    'POST',
    '/users/:user_id/addresses',
    {
      ...common,
      operation: 'createAddress',
      summary: 'Add an address',
      params: UserParams,
      body: AddressCreate,
      answer: one('address', Address, {
        status: 201,
        location: ({ user_id, id }) => `/users/${user_id}/addresses/${id}`,
      }),
      problems: [...problems, 'limit_exceeded'],
    },
    ({ ctx, params, body }) => createAddress(ctx, params.user_id, body),
  );

  route(
    app,
    'GET',
    '/users/:user_id/addresses',
    {
      ...common,
      operation: 'listAddresses',
      summary: 'The addresses of a user',
      params: UserParams,
      answer: page('addresses', Address),
      problems,
    },
    ({ ctx, params, page }) => listAddresses(ctx, params.user_id, page),
  );

  route(
    app,
    'GET',
    '/users/:user_id/addresses/:address_id',
    {
      ...common,
      operation: 'getAddress',
      summary: 'One address',
      params: AddressParams,
      answer: one('address', Address),
      problems,
    },
    ({ ctx, params }) => getAddress(ctx, params.user_id, params.address_id),
  );

  route(
    app,
    'PATCH',
    '/users/:user_id/addresses/:address_id',
    {
      ...common,
      operation: 'updateAddress',
      summary: 'Change an address',
      description: 'What is not given stays as it is.',
      params: AddressParams,
      body: AddressPatch,
      ifMatch: true,
      answer: one('address', Address),
      problems,
    },
    ({ ctx, params, body }) => updateAddress(ctx, params.user_id, params.address_id, body),
  );

  route(
    app,
    'DELETE',
    '/users/:user_id/addresses/:address_id',
    {
      ...common,
      operation: 'deleteAddress',
      summary: 'Delete an address',
      params: AddressParams,
      ifMatch: true,
      answer: empty(),
      problems,
    },
    ({ ctx, params }) => deleteAddress(ctx, params.user_id, params.address_id),
  );
}
