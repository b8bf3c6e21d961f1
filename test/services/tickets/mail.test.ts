import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Context } from '../../../src/context.ts';
import { runJobs } from '../../../src/jobs/worker.ts';
import type { AddSaleDetails } from '../../../src/schemas/carts.ts';
import { openCart } from '../../../src/services/carts/hold.ts';
import { commitExchange } from '../../../src/services/exchanges/commit.ts';
import { quoteExchange } from '../../../src/services/exchanges/quote.ts';
import { handOverMails } from '../../../src/services/mail/hand-over.ts';
import { pay } from '../../../src/services/payments/pay.ts';
import { refundCart } from '../../../src/services/refunds/refund.ts';
import { createSubscription } from '../../../src/services/subscriptions/create.ts';
import { listCartTickets } from '../../../src/services/tickets/read.ts';
import { eraseUser } from '../../../src/services/users/erase.ts';
import type { System } from '../../../src/system.ts';
import { type MailServer, mailServer } from '../../helpers/mail-server.ts';
import { payByToken, runAllJobs, tell } from '../../helpers/payments.ts';
import { readPdf } from '../../helpers/pdf.ts';
import { makeSeason } from '../../helpers/plans.ts';
import { makeSystem, type SalesWorld, salesWorld } from '../../helpers/sales-world.ts';

let server: MailServer;
let world: SalesWorld;
/** The process whose worker sends: it alone knows the mail server. */
let worker: System;
beforeAll(async () => {
  server = await mailServer();
  world = await salesWorld();
  worker = makeSystem(world.url, 8, { SMTP_URL: server.url, MAIL_FROM: 'shop@acme.example' });
  const es = '{"es": {"name": "La feria"}}';
  await world.sql('UPDATE event SET translations = $1 WHERE id = $2', es, world.festival.event_id);
});
afterEach(async () => {
  await world.clear();
  await runAllJobs(worker);
  server.received.length = 0;
});
afterAll(async () => {
  await worker.close();
  await world.close();
  await server.close();
});

const ALL = { page: 1, per_page: 100, limit: 100, offset: 0 };
const adults = (quantity: number) => [{ ticket_type_id: world.festival.adult, quantity }];
const stalls = (...labels: string[]) => [
  {
    ticket_type_id: world.theatre.stall,
    seat_ids: labels.map((label) => world.theatre.seats[label] as number),
  },
];
const open = (ctx: Context, items: AddSaleDetails['items'], email?: string) =>
  openCart(ctx, { items, ...(email && { buyer: { first_name: 'Ann', email } }) });
const codesOf = async (cart_id: string) =>
  (await listCartTickets(world.seller(), cart_id, ALL)).items.flatMap((t) => t.qr_code ?? []).sort();
const codesIn = async (pdf: Buffer | undefined) =>
  (await readPdf(pdf as Buffer)).map(({ code }) => code).sort();
const statuses = async (key: string) =>
  (await world.sql<{ status: string }>('SELECT status FROM mail WHERE key = $1', key)).map((m) => m.status);

describe('a cart that is paid', () => {
  it('has its tickets mailed to the buyer: a page each with the code, the dates for a calendar, in the language of the cart', async () => {
    const seller = { ...world.seller(), language: 'es' as const };
    const cart = await open(seller, adults(2), 'ann@mail.com');
    await runJobs(worker);
    expect(server.received).toEqual([]);
    await pay(seller, cart.id, { method: 'cash' });
    expect(await statuses(`tickets:${cart.id}`)).toEqual(['left']);
    await runJobs(worker);

    expect(server.received.map(({ to }) => to)).toEqual([['ann@mail.com']]);
    const mail = server.received[0]?.mail;
    expect(mail?.subject).toBe('Sus entradas: La feria');
    expect(mail?.text).toContain('Hola, Ann:');
    expect(mail?.text).toContain('Entradas: 2 · Floor');
    expect(mail?.text).toContain(`Pedido: ${cart.id}`);
    expect(mail?.text).toMatch(/Total: 107,00\s€/);
    const [pdf, ics] = mail?.attachments ?? [];
    expect([pdf?.filename, pdf?.contentType]).toEqual(['tickets.pdf', 'application/pdf']);
    expect([ics?.filename, ics?.contentType]).toEqual(['dates.ics', 'text/calendar']);
    expect(ics?.content.toString().match(/BEGIN:VEVENT/g)).toHaveLength(1);
    expect(ics?.content.toString()).toContain('SUMMARY:La feria');
    const codes = await codesOf(cart.id);
    expect(codes).toHaveLength(2);
    expect(await codesIn(pdf?.content)).toEqual(codes);
    expect(await statuses(`tickets:${cart.id}`)).toEqual(['sent']);
  }, 60_000);

  it('of nobody whose address is known is mailed to nobody; one of an account to the account', async () => {
    const nobodys = await open(world.buyer(), adults(1));
    const anas = await open(world.buyer({ user_id: world.ana }), adults(1));
    for (const { id } of [nobodys, anas]) await pay(world.seller(), id, { method: 'cash' });
    await runJobs(worker);
    expect(server.received.map(({ to }) => to)).toEqual([['ana@mail.com']]);
  });

  it('of an account that was erased before its mail went out is told to nobody', async () => {
    const ben = world.buyer({ user_id: world.ben });
    const cart = await open(ben, adults(1));
    await pay(world.seller(), cart.id, { method: 'cash' });
    await eraseUser(ben, world.ben);
    expect(await statuses(`tickets:${cart.id}`)).toEqual(['expired']);
    await runJobs(worker);
    expect(server.received).toEqual([]);
  });

  it('of products alone brings no tickets', async () => {
    const cart = await open(
      world.buyer(),
      [{ product_id: world.festival.parking, quantity: 1 }],
      'ann@mail.com',
    );
    await pay(world.seller(), cart.id, { method: 'cash' });
    expect(await statuses(`tickets:${cart.id}`)).toEqual([]);
  });

  it('is told once, however often its payment is confirmed and however many processes hand mails over', async () => {
    const carts = await Promise.all(
      Array.from({ length: 6 }, (_, i) => open(world.buyer(), adults(1), `buyer${i}@mail.com`)),
    );
    await Promise.all(
      carts.map(async ({ id }) => {
        const payment = await payByToken(world.buyer(), id, 'pending');
        await Promise.all([1, 2, 3].map(() => tell(world.system, payment, 'captured')));
      }),
    );
    await Promise.all(world.processes(4).map(handOverMails));
    await world.endProcesses();
    await runAllJobs(worker);
    await runAllJobs(worker);
    expect(server.received.map(({ to }) => to[0]).sort()).toEqual(carts.map((_, i) => `buyer${i}@mail.com`));
  });

  it('by a confirmation that came late is told like any other; one whose money goes back is told nothing', async () => {
    const approve = (id: string) =>
      world.sql("UPDATE sandbox_charge SET status = 'captured' WHERE id = $1", id);
    const late = await open(world.buyer(), stalls('A1'), 'late@mail.com');
    const payment = await payByToken(world.buyer(), late.id, 'requires_action');
    const lost = await open(world.buyer(), stalls('B1'), 'lost@mail.com');
    const other = await payByToken(world.buyer(), lost.id, 'requires_action');
    await world.clear(); // both holds run out …
    const faster = await open(world.buyer(), stalls('B1')); // … and one of the seats is taken by somebody else
    await pay(world.seller(), faster.id, { method: 'cash' });
    for (const each of [payment, other]) {
      await approve(each.id);
      await tell(world.system, each, 'captured');
      await tell(world.system, each, 'captured');
    }
    await runAllJobs(worker);
    expect(server.received.map(({ to }) => to)).toEqual([['late@mail.com']]);
    expect(await codesIn(server.received[0]?.mail.attachments[0]?.content)).toEqual(await codesOf(late.id));
  }, 60_000);

  it('and refunded before the worker came by is not told of tickets that are none', async () => {
    const cart = await open(world.buyer(), adults(1), 'gone@mail.com');
    await pay(world.seller(), cart.id, { method: 'cash' });
    await refundCart(world.seller(), cart.id, { reason: 'sorry' });
    await runAllJobs(worker);
    expect(server.received).toEqual([]);
    expect(await statuses(`tickets:${cart.id}`)).toEqual(['expired']);
  });
});

it('a season comes as one mail with a page and a date for each event', async () => {
  const season = await makeSeason(world);
  const ana = world.buyer({ user_id: world.ana });
  const seat_id = world.theatre.seats.C3 as number;
  const { cart_id } = await createSubscription(ana, { plan_setting_id: season.seats, seat_id });
  await payByToken(ana, cart_id as string, 'approved');
  await runJobs(worker);
  expect(server.received.map(({ to }) => to)).toEqual([['ana@mail.com']]);
  const mail = server.received[0]?.mail;
  expect(mail?.subject).toBe('Your tickets from Acme');
  const [pdf, ics] = mail?.attachments ?? [];
  expect(ics?.content.toString().match(/BEGIN:VEVENT/g)).toHaveLength(3);
  const codes = await codesOf(cart_id as string);
  expect(codes).toHaveLength(3);
  expect(await codesIn(pdf?.content)).toEqual(codes);
}, 60_000);

it('an exchange brings the new tickets and none of those given back', async () => {
  const ctx = world.seller();
  const cart = await open(ctx, stalls('D1', 'D2'), 'swap@mail.com');
  await payByToken(ctx, cart.id, 'approved');
  await runJobs(worker);
  server.received.length = 0;
  const [line] = cart.sale_details;
  const quoted = await quoteExchange(ctx, cart.id, {
    ...{ sale_detail_ids: [line?.id as string], items: stalls('E1'), reason: 'pillar' },
  });
  await commitExchange(ctx, cart.id, quoted.id, undefined);
  await runJobs(worker);
  expect(server.received.map(({ to }) => to)).toEqual([['swap@mail.com']]);
  expect(server.received[0]?.mail.text).toContain('Your exchange is done.');
  const [fresh] = (await listCartTickets(ctx, cart.id, ALL)).items.filter(({ seat }) => seat?.row === 'E');
  expect(await codesIn(server.received[0]?.mail.attachments[0]?.content)).toEqual([fresh?.qr_code]);
}, 60_000);
