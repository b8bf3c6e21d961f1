import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ApiWorld, apiWorld } from '../helpers/api-world.ts';

// A server whose sandbox is turned off has nobody who takes cards.

let world: ApiWorld;
beforeAll(async () => {
  world = await apiWorld({ env: { SANDBOX_PAYMENTS: 'false' } });
});
afterAll(() => world.close());

it('says so when somebody pays by card, and other ways are open', async () => {
  const { id } = await world.cart('seller');
  const pay = (body: object) => world.call('POST', `/carts/${id}/payments`, { who: 'seller', body });
  const refused = await pay({ method: 'card', card: { token: 'sandbox_approved' } });
  expect(refused.statusCode).toBe(422);
  expect(refused.json()).toMatchObject({
    code: 'validation_failed',
    errors: [{ pointer: '/method', code: 'no_provider' }],
  });
  expect((await pay({ method: 'cash' })).statusCode).toBe(201);
});

it('does not list cards among its ways to pay', async () => {
  const { payment_methods } = (await world.call('GET', '/payment_methods', { who: 'seller' })).json();
  const codes = payment_methods.map(({ code }: { code: string }) => code);
  expect(codes).not.toContain('card');
  expect(codes).toContain('cash');
});

it('believes no webhook of the sandbox', async () => {
  const answer = await world.call('POST', '/payments/webhooks/sandbox', { body: {} });
  expect(answer.statusCode).toBe(404);
});
