import type { InjectOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signWebhook } from '../../src/services/payments/signature.ts';
import { webhookOf } from '../helpers/payments.ts';
import { type DoorWorld, doorWorld } from '../helpers/ticket-factories.ts';

const SECRET = 'a secret of the settings';
let world: DoorWorld;
beforeAll(async () => {
  world = await doorWorld({ env: { SANDBOX_WEBHOOK_SECRET: SECRET } });
});
afterAll(() => world.close());

const waiting = async () => {
  const items = [{ ticket_type_id: world.tonight.standing, quantity: 1 }];
  const { body } = await world.call('/carts', { who: 'buyer', body: { items } });
  const url = `/carts/${body.cart.id}/payments`;
  const request = {
    method: 'card',
    card: { token: 'sandbox_requires_action' },
    return_url: 'https://shop.example/',
  };
  const { payment } = (await world.call(url, { who: 'buyer', body: request })).body;
  const status = async () => (await world.call(`${url}/${payment.id}`, { who: 'buyer' })).body.payment.status;
  return { payment, status };
};
const deliver = (options: InjectOptions) =>
  world.app.inject({
    ...{ method: 'POST', url: '/payments/webhooks/sandbox', ...options },
    headers: { 'content-type': 'application/json', ...options.headers },
  });

describe('POST /payments/webhooks/:provider', () => {
  it('204 without a token: the signature is over the body byte for byte', async () => {
    const { payment, status } = await waiting();
    const { body } = await webhookOf(world.system, payment, 'captured', { secret: SECRET });
    const spaced = `  ${JSON.stringify(JSON.parse(body), null, 2)}\n`;
    const headers = { ...signWebhook(SECRET, 'evt_1', spaced) };
    const { statusCode, payload, headers: got } = await deliver({ headers, payload: spaced });
    expect([statusCode, payload]).toEqual([204, '']);
    expect(got['x-interface']).toBeDefined();
    expect(await status()).toBe('captured');
    expect((await deliver({ headers, payload: spaced })).statusCode).toBe(204);
  });

  it('401 without a good signature, 404 for what is not known, 415 for what is no JSON; never 500', async () => {
    const { payment, status } = await waiting();
    const { headers, body } = await webhookOf(world.system, payment, 'captured', { secret: SECRET });
    const unsigned = ['', '{', 'null', body, '\0', '{"a":1}'.repeat(1_000)];
    for (const payload of unsigned) {
      const answer = await deliver({ payload });
      expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
      expect([400, 401, 422]).toContain(answer.statusCode);
    }
    const forged = await deliver({ headers: { ...headers }, payload: body.replace('captured', 'captured ') });
    expect([forged.statusCode, forged.json().code]).toEqual([401, 'invalid_signature']);
    expect(forged.headers['www-authenticate']).toBeDefined();
    const junk = await deliver({ headers: { ...signWebhook(SECRET, 'evt_x', '{') }, payload: '{' });
    expect([junk.statusCode, junk.json().code]).toEqual([400, 'invalid_request']);
    const text = await deliver({ headers: { ...headers, 'content-type': 'text/plain' }, payload: body });
    expect(text.statusCode).toBe(415);
    for (const name of ['stripe', 'constructor', '..', 'A b'])
      expect(
        (
          await deliver({
            url: `/payments/webhooks/${encodeURIComponent(name)}`,
            payload: body,
            headers: { ...headers },
          })
        ).statusCode,
      ).toBe(404);
    const big = await deliver({ payload: 'x'.repeat(1_100_000) });
    expect(big.statusCode).toBe(413);
    expect(await status()).toBe('requires_action');
    expect(world.errors).toEqual([]);
  });
});

describe('the page of the sandbox', () => {
  it('shows the amount and two buttons, runs nothing, and sends nowhere else', async () => {
    const { payment } = await waiting();
    const url = new URL(payment.action_url).pathname;
    const { statusCode, headers, payload } = await world.app.inject(url);
    expect([statusCode, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(headers['content-security-policy']).toContain("form-action 'self'");
    expect(payload).toContain('€50.00');
    expect(payload).toContain('value="approve"');
  });

  it('takes the button of a browser, or JSON, and confirms by webhook', async () => {
    for (const [decision, status, form] of [
      ['approve', 'captured', true],
      ['decline', 'declined', true],
      ['approve', 'captured', false],
    ] as const) {
      const { payment, status: now } = await waiting();
      const answer = await world.app.inject({
        ...{ method: 'POST', url: new URL(payment.action_url).pathname },
        ...(form
          ? {
              headers: { 'content-type': 'application/x-www-form-urlencoded' },
              payload: `decision=${decision}`,
            }
          : { payload: { decision } }),
      });
      expect(answer.statusCode).toBe(200);
      expect(answer.payload).toContain('https://shop.example/');
      expect(await now()).toBe(status);
    }
  });

  it('is there for payments of the sandbox alone, and knows no third button', async () => {
    const { payment } = await waiting();
    const url = new URL(payment.action_url).pathname;
    const absent = '/payments/sandbox/018f0000-0000-7000-8000-000000000000';
    expect((await world.app.inject(absent)).statusCode).toBe(404);
    expect((await world.app.inject('/payments/sandbox/x')).statusCode).toBe(404);
    const post = (to: string, payload: object) => world.app.inject({ method: 'POST', url: to, payload });
    expect((await post(absent, { decision: 'approve' })).statusCode).toBe(404);
    expect((await post(url, { decision: 'perhaps' })).statusCode).toBe(422);
    expect((await post(url, { decision: 'approve', tip: 1 })).statusCode).toBe(422);
  });
});
