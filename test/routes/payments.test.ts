import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Payment } from '../../src/schemas/payments.ts';
import { runAllJobs } from '../helpers/payments.ts';
import { type DoorWorld, doorWorld, type Who } from '../helpers/ticket-factories.ts';

let world: DoorWorld;
beforeAll(async () => {
  world = await doorWorld();
});
afterAll(() => world.close());

const openCart = async (who: Who, quantity = 1): Promise<string> => {
  const items = [{ ticket_type_id: world.tonight.standing, quantity }];
  const { status, body } = await world.call('/carts', { who, body: { items } });
  expect(status).toBe(201);
  return body.cart.id;
};
const pay = (cart_id: string, who: Who, body: unknown, headers: Record<string, string> = {}) =>
  world.call(`/carts/${cart_id}/payments`, { who, body, headers });
const card = (token: string) => ({ method: 'card', card: { token: `sandbox_${token}` } });

describe('POST /carts/:cart_id/payments', () => {
  it('201: captured, at its address', async () => {
    const cart_id = await openCart('buyer', 2);
    const { status, body, headers } = await pay(cart_id, 'buyer', card('approved'));
    expect(status).toBe(201);
    expect(Object.keys(body)).toEqual(['payment']);
    expect(Payment.keyof().options.sort()).toEqual(Object.keys(body.payment).sort());
    expect(body.payment).toEqual({
      ...{
        id: expect.any(String),
        cart_id,
        method: 'card',
        provider: 'sandbox',
        amount: 10_000,
        refunded: 0,
      },
      ...{ currency: 'EUR', status: 'captured', action_url: null, failure_reason: null, reference: null },
      job_id: expect.any(String),
      created_at: expect.stringMatching(/\.\d{3}Z$/),
      updated_at: expect.stringMatching(/\.\d{3}Z$/),
    });
    expect(headers.location).toBe(`/carts/${cart_id}/payments/${body.payment.id}`);
    const read = await world.call(headers.location as string, { who: 'buyer' });
    expect(read.body).toEqual(body);
    expect(read.headers.etag).toMatch(/^"/);
    const { body: tickets } = await world.call(`/tickets?cart_id=${cart_id}`, { who: 'seller' });
    expect(tickets.tickets).toHaveLength(2);
  });

  it('202: not final, with the job, which tells the end', async () => {
    for (const [token, status] of [
      ['requires_action', 'requires_action'],
      ['pending', 'pending'],
    ] as const) {
      const cart_id = await openCart('buyer');
      const answer = await pay(cart_id, 'buyer', card(token));
      const { payment } = answer.body;
      expect([answer.status, payment.status]).toEqual([202, status]);
      expect(answer.headers.location).toBe(`/jobs/${payment.job_id}`);
      await world.sql(
        "UPDATE sandbox_charge SET status = 'captured', settles_at = now() WHERE id = $1",
        payment.id,
      );
      await runAllJobs(world.system);
      const job = await world.call(`/jobs/${payment.job_id}`, { who: 'buyer' });
      expect(job.body.job).toMatchObject({
        ...{ status: 'succeeded', result: { payment: { id: payment.id, status: 'captured' } } },
      });
    }
  });

  it('402: declined, naming the payment', async () => {
    const cart_id = await openCart('buyer');
    const { status, body } = await pay(cart_id, 'buyer', card('declined'));
    expect(status).toBe(402);
    expect(body).toMatchObject({
      ...{ code: 'payment_declined', reason: 'insufficient_funds', payment_id: expect.any(String) },
      type: `${world.system.publicUrl}/problems/payment_declined`,
    });
    expect((await world.call(`/carts/${cart_id}`, { who: 'buyer' })).body.cart.status).toBe('open');
  });

  it('replays what the first request was answered: captured, waiting and declined', async () => {
    for (const [key, token, status] of [
      ['k-201', 'approved', 201],
      ['k-202', 'requires_action', 202],
      ['k-402', 'declined', 402],
    ] as const) {
      const cart_id = await openCart('buyer');
      const ask = () => pay(cart_id, 'buyer', card(token), { 'idempotency-key': key });
      const first = await ask();
      const again = await ask();
      expect([first.status, again.status]).toEqual([status, status]);
      expect(again.headers['idempotent-replayed']).toBe('true');
      const { request_id: _, ...problem } = again.body;
      expect(first.body).toMatchObject(problem);
      expect(again.headers.location).toBe(first.headers.location);
      expect(await world.sql('SELECT 1 FROM payment WHERE cart_id = $1', cart_id)).toHaveLength(1);
      const other = await pay(cart_id, 'buyer', card('pending'), { 'idempotency-key': key });
      expect([other.status, other.body.code]).toEqual([422, 'idempotency_key_reused']);
    }
  });

  it('refuses, each with its code, and writes nothing', async () => {
    const cart_id = await openCart('buyer');
    const johns = await openCart('john');
    const absent = '018f0000-0000-7000-8000-000000000000';
    const cases: [string, Who, unknown, number, string][] = [
      [cart_id, 'buyer', { method: 'cash' }, 403, 'insufficient_scope'],
      [cart_id, 'buyer', { method: 'external', reference: 'x' }, 403, 'insufficient_scope'],
      [cart_id, 'buyer', { method: 'free' }, 409, 'amount_mismatch'],
      [cart_id, 'buyer', { ...card('approved'), amount: 4_999 }, 409, 'amount_mismatch'],
      [cart_id, 'seller', { method: 'cash', amount: 5_001 }, 409, 'amount_mismatch'],
      [cart_id, 'reader', card('approved'), 403, 'insufficient_scope'],
      [cart_id, 'admin', card('approved'), 403, 'insufficient_scope'],
      [johns, 'buyer', card('approved'), 404, 'not_found'],
      [johns, 'mary', card('approved'), 404, 'not_found'],
      [cart_id, 'stranger', card('approved'), 404, 'not_found'],
      [cart_id, 'pos', card('approved'), 404, 'not_found'],
      [absent, 'buyer', card('approved'), 404, 'not_found'],
      ['no-id', 'buyer', card('approved'), 404, 'not_found'],
      [cart_id, 'buyer', {}, 422, 'validation_failed'],
      [cart_id, 'buyer', [], 422, 'validation_failed'],
      [cart_id, 'buyer', { method: 'gold' }, 422, 'validation_failed'],
      [cart_id, 'buyer', { method: 'card' }, 422, 'validation_failed'],
      [cart_id, 'buyer', { method: 'card', card: { token: 7 } }, 422, 'validation_failed'],
      [cart_id, 'buyer', { method: 'card', card: { token: 'x'.repeat(256) } }, 422, 'validation_failed'],
      [cart_id, 'buyer', { method: 'card', card: { token: 'a\0b' } }, 422, 'validation_failed'],
      [
        cart_id,
        'buyer',
        { ...card('approved'), return_url: 'javascript:alert(1)' },
        422,
        'validation_failed',
      ],
      [cart_id, 'buyer', { ...card('approved'), cvc: '123' }, 422, 'unknown_field'],
      [cart_id, 'buyer', { method: 'free', amount: 1 }, 422, 'unknown_field'],
      ...[0, -1, 1.5, '5', 2_147_483_648, null].map((amount): [string, Who, unknown, number, string] => [
        ...([cart_id, 'seller', { method: 'cash', amount }] as [string, Who, unknown]),
        ...([422, 'validation_failed'] as [number, string]),
      ]),
    ];
    for (const [id, who, body, status, code] of cases) {
      const answer = await pay(id, who, body);
      expect([body, answer.status, answer.body.code]).toEqual([body, status, code]);
      expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    }
    const made = await world.sql('SELECT 1 FROM payment WHERE cart_id = ANY($1)', [cart_id, johns]);
    expect(made).toEqual([]);
    const anonymous = await world.app.inject({
      ...{ method: 'POST', url: `/carts/${cart_id}/payments`, payload: card('approved') },
    });
    expect(anonymous.statusCode).toBe(401);
  });
});

describe('GET /carts/:cart_id/payments', () => {
  it('is a page of them, oldest first, for whoever reaches the cart', async () => {
    const cart_id = await openCart('seller');
    for (const amount of [1_000, 1_500, 2_500]) await pay(cart_id, 'seller', { method: 'cash', amount });
    const { status, body, headers } = await world.call(`/carts/${cart_id}/payments?per_page=2&page=1`, {
      who: 'seller',
    });
    expect(status).toBe(200);
    expect(body.payments.map(({ amount }: Payment) => amount)).toEqual([1_000, 1_500]);
    expect([headers['x-total'], headers['x-per-page'], headers['x-page']].map(Number)).toEqual([3, 2, 1]);
    const rest = await world.call(`/carts/${cart_id}/payments?per_page=2&page=2`, { who: 'seller' });
    expect(rest.body.payments.map(({ amount }: Payment) => amount)).toEqual([2_500]);
    for (const who of ['buyer', 'john', 'pos'] as const)
      expect((await world.call(`/carts/${cart_id}/payments`, { who })).status).toBe(404);
    expect((await world.call(`/carts/${cart_id}/payments`, { who: 'reader' })).status).toBe(403);
    const payment_id = body.payments[0].id;
    const other = await openCart('seller');
    expect((await world.call(`/carts/${other}/payments/${payment_id}`, { who: 'seller' })).status).toBe(404);
  });
});

describe('POST and GET /carts/:cart_id/refunds', () => {
  it('201: what was given back', async () => {
    const cart_id = await openCart('buyer', 2);
    await pay(cart_id, 'buyer', card('approved'));
    const url = `/carts/${cart_id}/refunds`;
    const some = await world.call(url, { who: 'seller', body: { amount: 1_000, reason: 'late start' } });
    expect([some.status, Object.keys(some.body)]).toEqual([201, ['refund']]);
    expect(some.body.refund).toEqual({
      ...{
        id: expect.any(String),
        cart_id,
        payment_id: expect.any(String),
        amount: 1_000,
        currency: 'EUR',
      },
      ...{ sale_detail_ids: [], reason: 'late start', status: 'pending' },
      parts: [
        {
          payment_id: some.body.refund.payment_id,
          amount: 1_000,
          status: 'pending',
          failure_reason: null,
          paid_by: null,
        },
      ],
      created_at: expect.any(String),
      updated_at: expect.any(String),
    });
    await world.call(url, { who: 'admin', body: { reason: 'cancelled' } });
    await runAllJobs(world.system);
    const { body, headers } = await world.call(`${url}?per_page=1&page=2`, { who: 'admin' });
    expect(body.refunds).toMatchObject([{ amount: 9_000, status: 'succeeded' }]);
    expect(Number(headers['x-total'])).toBe(2);
    expect((await world.call(`/carts/${cart_id}`, { who: 'buyer' })).body.cart).toMatchObject({
      ...{ status: 'refunded', totals: { paid: 10_000, refunded: 10_000 } },
    });
  });

  it('is for sell and admin, and repeats an answer under its key', async () => {
    const cart_id = await openCart('seller');
    await pay(cart_id, 'seller', { method: 'cash' });
    const url = `/carts/${cart_id}/refunds`;
    const body = { amount: 100, reason: 'x' };
    for (const who of ['buyer', 'john', 'reader'] as const) {
      expect((await world.call(url, { who, body })).status).toBe(403);
      expect((await world.call(url, { who })).status).toBe(403);
    }
    expect((await world.call(url, { who: 'pos', body })).status).toBe(404);
    const ask = () => world.call(url, { who: 'seller', body, headers: { 'idempotency-key': 'refund-1' } });
    const [first, again] = [await ask(), await ask()];
    expect(again.body).toEqual(first.body);
    expect(again.headers['idempotent-replayed']).toBe('true');
    for (const [bad, code] of [
      [{}, 'validation_failed'],
      [{ reason: '' }, 'validation_failed'],
      [{ reason: 'x', amount: 0 }, 'validation_failed'],
      [{ reason: 'x', sale_detail_ids: [] }, 'validation_failed'],
      [{ reason: 'x', sale_detail_ids: ['no'] }, 'validation_failed'],
      [{ reason: 'x', amount: 1, sale_detail_ids: [cart_id] }, 'validation_failed'],
      [{ reason: 'x', sale_detail_ids: [cart_id, cart_id] }, 'validation_failed'],
      [{ reason: 'x', sale_detail_ids: [cart_id] }, 'validation_failed'],
      [{ reason: 'x', amout: 1 }, 'unknown_field'],
    ] as const) {
      const answer = await world.call(url, { who: 'seller', body: bad });
      expect([bad, answer.status, answer.body.code]).toEqual([bad, 422, code]);
    }
    const over = await world.call(url, { who: 'seller', body: { reason: 'x', amount: 4_901 } });
    expect([over.status, over.body.code, over.body.refundable]).toEqual([409, 'refund_exceeds_paid', 4_900]);
  });
});
