import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Payment } from '../../../src/schemas/payments.ts';
import { patchSaleDetail } from '../../../src/services/carts/lines.ts';
import { getCart } from '../../../src/services/carts/read.ts';
import { pay } from '../../../src/services/payments/pay.ts';
import { getPayment } from '../../../src/services/payments/read.ts';
import { signWebhook } from '../../../src/services/payments/signature.ts';
import { receiveWebhook } from '../../../src/services/payments/webhook.ts';
import type { System } from '../../../src/system.ts';
import { moneyFaults } from '../../helpers/money-audit.ts';
import { fill, instead, payByToken, tell, webhookOf } from '../../helpers/payments.ts';
import { codeOf, refusalOf } from '../../helpers/refusal.ts';
import { type SalesWorld, salesWorld } from '../../helpers/sales-world.ts';
import { stockFaults } from '../../helpers/stock-audit.ts';

let world: SalesWorld;
beforeAll(async () => {
  world = await salesWorld();
  await world.sql('UPDATE event_section SET capacity = 10000 WHERE section_id = $1', world.festival.floor);
});
afterEach(async () => {
  expect(await moneyFaults(world.system)).toEqual({});
  expect(await stockFaults(world.system)).toEqual({});
});
afterAll(() => world.close());

const waiting = async () => {
  const ctx = world.buyer();
  const cart = await fill(ctx, [{ ticket_type_id: world.festival.adult, quantity: 1 }]);
  return { ctx, cart, payment: await payByToken(ctx, cart.id, 'requires_action') };
};
const now = async ({ id, cart_id }: Payment) => ({
  payment: await getPayment(world.buyer(), cart_id, id),
  cart: await getCart(world.buyer(), cart_id),
});
const receive = ({ headers, body }: Awaited<ReturnType<typeof webhookOf>>) =>
  receiveWebhook(world.system, 'sandbox', { ...headers }, body);
const events = () => world.sql('SELECT count(*)::int AS n FROM provider_event').then(([row]) => row?.n);

describe('a signature', () => {
  it('is asked for: without a good and fresh one nothing is read', async () => {
    const { payment } = await waiting();
    const known = await events();
    const good = await webhookOf(world.system, payment, 'captured');
    const { headers, body } = good;
    const minutes = (n: number) => new Date(Date.now() + n * 60_000);
    const bad = [
      { headers: {}, body },
      { headers: { ...headers, 'webhook-signature': undefined }, body },
      { headers: { ...headers, 'webhook-signature': '' }, body },
      { headers: { ...headers, 'webhook-signature': 'v1,' }, body },
      {
        headers: { ...headers, 'webhook-signature': headers['webhook-signature'].replace('v1', 'v2') },
        body,
      },
      { headers: { ...headers, 'webhook-id': 'evt_other' }, body },
      { headers: { ...headers, 'webhook-id': 'x'.repeat(256) }, body },
      { headers: { ...headers, 'webhook-timestamp': 'now' }, body },
      {
        headers: { ...headers, 'webhook-timestamp': String(Number(headers['webhook-timestamp']) + 1) },
        body,
      },
      { headers, body: `${body} ` },
      await webhookOf(world.system, payment, 'captured', { secret: 'another secret of some length' }),
      await webhookOf(world.system, payment, 'captured', { at: minutes(-6) }),
      await webhookOf(world.system, payment, 'captured', { at: minutes(6) }),
    ];
    for (const delivery of bad) {
      const refusal = await refusalOf(receive(delivery as typeof good));
      expect(refusal).toMatchObject({
        ...{ code: 'invalid_signature', status: 401 },
        headers: { 'www-authenticate': 'Webhook-Signature' },
      });
    }
    expect((await now(payment)).payment.status).toBe('requires_action');
    expect(await events()).toBe(known);
    // Four minutes are within the tolerance, and one of several signatures is enough.
    const late = await webhookOf(world.system, payment, 'captured', { at: minutes(-4) });
    late.headers['webhook-signature'] = `v1,AAAA ${late.headers['webhook-signature']}`;
    await receive(late);
    expect((await now(payment)).payment.status).toBe('captured');
  });

  it('is made with the secret of the settings, where there is one', async () => {
    const { payment } = await waiting();
    const secret = 'sixteen letters or more';
    const other = { ...world.system, config: { ...world.system.config, SANDBOX_WEBHOOK_SECRET: secret } };
    const { headers, body } = await webhookOf(world.system, payment, 'captured', { secret });
    expect(await codeOf(receiveWebhook(world.system, 'sandbox', { ...headers }, body))).toBe(
      'invalid_signature',
    );
    await receiveWebhook(other, 'sandbox', { ...headers }, body);
    expect((await now(payment)).payment.status).toBe('captured');
  });
});

describe('what is signed', () => {
  it('must be an event that can be read and kept', async () => {
    const secret = 'sixteen letters or more';
    const system = { ...world.system, config: { ...world.system.config, SANDBOX_WEBHOOK_SECRET: secret } };
    const { payment } = await waiting();
    const charge = { id: payment.id, company_id: world.company_id, status: 'captured', reason: null };
    const event = (type: string, more: object = {}) => ({ type, data: { charge: { ...charge, ...more } } });
    for (const body of [
      '',
      '{',
      'null',
      '[]',
      JSON.stringify(event('x', { status: 'stolen' })),
      JSON.stringify(event('x', { company_id: 3_000_000_000 })),
      JSON.stringify(event('x', { id: 'no' })),
      JSON.stringify(event('nul \0')),
      JSON.stringify(event('half \ud800')),
    ]) {
      const headers = signWebhook(secret, 'evt_bad', body);
      expect([body, await codeOf(receiveWebhook(system, 'sandbox', { ...headers }, body))]).toEqual([
        body,
        'invalid_request',
      ]);
    }
    expect((await now(payment)).payment.status).toBe('requires_action');
    const headers = signWebhook(secret, 'evt_other', '{"type":"balance.updated","data":{}}');
    await receiveWebhook(system, 'sandbox', { ...headers }, '{"type":"balance.updated","data":{}}');
    expect(await world.sql("SELECT type, payment_id FROM provider_event WHERE id = 'evt_other'")).toEqual([
      { type: 'balance.updated', payment_id: null },
    ]);
  });

  it('is not acknowledged for a payment or a provider that is not known', async () => {
    const { payment } = await waiting();
    const unknown = await webhookOf(world.system, { id: '018f0000-0000-7000-8000-000000000000' }, 'captured');
    expect(await codeOf(receive(unknown))).toBe('not_found');
    const elsewhere = await webhookOf(world.system, payment, 'captured', {
      company_id: world.company_id + 1,
    });
    expect(await codeOf(receive(elsewhere))).toBe('not_found');
    const { headers, body } = await webhookOf(world.system, payment, 'captured');
    expect(await codeOf(receiveWebhook(world.system, 'stripe', { ...headers }, body))).toBe('not_found');
    const known = await world.sql('SELECT 1 FROM provider_event WHERE payment_id = $1', payment.id);
    expect(known).toEqual([]);
  });
});

describe('deliveries', () => {
  it('count once, however often and however many at a time', async () => {
    const { payment } = await waiting();
    const delivery = await webhookOf(world.system, payment, 'captured');
    await Promise.all(Array.from({ length: 20 }, () => receive(delivery)));
    const other = world.processes(1, 4)[0] as System;
    await receiveWebhook(other, 'sandbox', { ...delivery.headers }, delivery.body);
    const { payment: after, cart } = await now(payment);
    expect([after.status, cart.status]).toEqual(['captured', 'paid']);
    expect(await world.sql('SELECT id FROM provider_event WHERE payment_id = $1', payment.id)).toHaveLength(
      1,
    );
    expect(await world.sql('SELECT 1 FROM ledger_entry WHERE payment_id = $1', payment.id)).toHaveLength(1);
  });

  it('of the same news under other ids change nothing either', async () => {
    const { payment } = await waiting();
    await Promise.all([1, 2, 3, 4].map(() => tell(world.system, payment, 'captured')));
    expect((await now(payment)).cart).toMatchObject({ status: 'paid', totals: { refunded: 0 } });
  });

  it('declined after captured: captured it stays', async () => {
    const { payment } = await waiting();
    await tell(world.system, payment, 'captured');
    await tell(world.system, payment, 'declined');
    await tell(world.system, payment, 'requires_action');
    await tell(world.system, payment, 'pending');
    const { payment: after, cart } = await now(payment);
    expect([after.status, cart.status]).toEqual(['captured', 'paid']);
  });

  it('captured after declined, while the cart is held: the money was taken, so it is paid', async () => {
    const { payment } = await waiting();
    await tell(world.system, payment, 'declined');
    expect(await now(payment)).toMatchObject({
      payment: { status: 'declined', failure_reason: 'stolen_card' },
      cart: { status: 'open' },
    });
    await tell(world.system, payment, 'captured');
    expect(await now(payment)).toMatchObject({
      payment: { status: 'captured', failure_reason: null },
      cart: { status: 'paid' },
    });
  });

  it('captured after declined, while another payment runs or was made: the money goes back', async () => {
    for (const other of ['requires_action', 'approved']) {
      const { payment, ctx, cart } = await waiting();
      await tell(world.system, payment, 'declined');
      const second = await payByToken(ctx, cart.id, other);
      await tell(world.system, payment, 'captured');
      expect((await now(payment)).payment).toMatchObject({
        ...{ status: 'refunded', refunded: payment.amount, failure_reason: 'cart_not_open' },
      });
      if (other === 'requires_action') await tell(world.system, second, 'captured');
      expect(await getCart(ctx, cart.id)).toMatchObject({
        ...{ status: 'paid', totals: { paid: payment.amount, refunded: 0 } },
      });
    }
  });

  it('captured after declined, when the cart has changed: a part is kept only towards the whole', async () => {
    const { payment, cart } = await waiting();
    await tell(world.system, payment, 'declined');
    await patchSaleDetail(world.seller(), cart.id, cart.sale_details[0]?.id as string, {
      price_override: { unit_price: 9_000, reason: 'a better place' },
    });
    await tell(world.system, payment, 'captured');
    expect(await now(payment)).toMatchObject({
      ...{ payment: { status: 'captured' }, cart: { status: 'open', totals: { paid: payment.amount } } },
    });
    await pay(world.seller(), cart.id, { method: 'cash' });
    expect((await now(payment)).cart.status).toBe('paid');

    const second = await waiting();
    await tell(world.system, second.payment, 'declined');
    await pay(world.seller(), second.cart.id, { method: 'cash', amount: 100 });
    await tell(world.system, second.payment, 'captured');
    expect(await now(second.payment)).toMatchObject({
      ...{ payment: { status: 'refunded' }, cart: { status: 'open', totals: { paid: 100 } } },
    });
  });

  it('before the answer to the call: the request is told what came of it', async () => {
    for (const [told, answered] of [
      ['captured', 'pending'],
      ['captured', 'declined'],
      ['declined', 'pending'],
      ['declined', 'captured'],
    ] as const) {
      const ctx = world.buyer();
      const cart = await fill(ctx, [{ ticket_type_id: world.festival.adult, quantity: 1 }]);
      const back = instead(world.system, {
        charge: async (system, { payment_id }) => {
          await tell(system, { id: payment_id }, told);
          const reference = `ch_${payment_id}`;
          return answered === 'declined'
            ? { status: answered, reference, reason: 'no' }
            : { status: answered, reference };
        },
      });
      const answer = payByToken(ctx, cart.id, 'approved');
      if (told === 'declined' && answered === 'pending')
        expect(await codeOf(answer)).toBe('payment_declined');
      else expect(await answer).toMatchObject({ status: 'captured' });
      back();
      const open = told === 'declined' && answered === 'pending';
      expect((await getCart(ctx, cart.id)).status).toBe(open ? 'open' : 'paid');
    }
  });
});
