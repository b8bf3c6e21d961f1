import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { runJobs } from '../../src/jobs/worker.ts';
import { type MailServer, mailServer } from '../helpers/mail-server.ts';
import { readPdf } from '../helpers/pdf.ts';
import { type DoorWorld, doorWorld, type TestTicket } from '../helpers/ticket-factories.ts';

let server: MailServer;
let world: DoorWorld;
beforeAll(async () => {
  server = await mailServer();
  world = await doorWorld({ env: { SMTP_URL: server.url, MAIL_FROM: 'door@acme.example' } });
});
afterEach(() => {
  server.received.length = 0;
});
afterAll(async () => {
  await world.close();
  await server.close();
});

const john = () => world.accounts.user.email;
const offer = async (ticket: TestTicket): Promise<string> => {
  const body = { email: 'mary@mail.com' };
  const { status } = await world.call(`/tickets/${ticket.id}/transfer`, { who: 'john', body });
  expect(status).toBe(201);
  await runJobs(world.system);
  const code = /^ {4}(\S+)$/m.exec(server.to('mary@mail.com')[0]?.text ?? '')?.[1];
  return code as string;
};
const codeIn = async (mail: { attachments: { content: Buffer }[] } | undefined) =>
  (await readPdf(mail?.attachments[0]?.content as Buffer)).map(({ code }) => code);

describe('a transfer', () => {
  it('that is accepted brings the recipient the ticket under its new code, and the giver is told', async () => {
    const ticket = await world.ticket({ user_id: world.john });
    const old = await world.code(ticket);
    const accepted = await world.call(`/transfers/${await offer(ticket)}/accept`, {
      ...{ who: 'mary', method: 'POST' },
    });
    expect(accepted.status).toBe(200);
    await runJobs(world.system);
    const [got, ...more] = server.to('mary@mail.com');
    expect([got?.subject, more]).toEqual(['Your tickets: Tonight <3', []]);
    expect(got?.text).toContain('The ticket is yours now, under a new code.');
    const [told] = server.to(john());
    expect(told?.subject).toBe('Your ticket was taken: Tonight <3');
    expect(told?.attachments).toEqual([]);
    expect(await codeIn(got)).toEqual([accepted.body.ticket.qr_code]);
    expect(accepted.body.ticket.qr_code).not.toBe(old);
  }, 60_000);

  it('that is declined is told to the giver alone', async () => {
    const ticket = await world.ticket({ user_id: world.john });
    await world.call(`/transfers/${await offer(ticket)}/decline`, { who: 'mary', method: 'POST' });
    await runJobs(world.system);
    expect(server.received.map(({ to, mail }) => [to[0], mail.subject])).toEqual([
      [john(), 'Your ticket is still yours: Tonight <3'],
    ]);
  });
});

describe('a ticket that is reissued', () => {
  const reissue = (ticket: TestTicket) =>
    world.call(`/tickets/${ticket.id}/reissue`, { who: 'seller', body: {} });

  it('is mailed to its owner with the new code; without an account, to whom it names', async () => {
    const johns = await world.ticket({ user_id: world.john });
    const named = await world.ticket({ first_name: 'Ada', email: 'ada@mail.com' });
    const nobodys = await world.ticket();
    const codes = [];
    for (const ticket of [johns, named, nobodys])
      codes.push((await reissue(ticket)).body.ticket.qr_code as string);
    await runJobs(world.system);
    const mails = [server.to(john())[0], server.to('ada@mail.com')[0]];
    expect(server.received).toEqual([]);
    expect(mails[0]?.text).toContain('Your ticket has a new code.');
    expect([await codeIn(mails[0]), await codeIn(mails[1])]).toEqual([[codes[0]], [codes[1]]]);
  }, 60_000);

  it('and passed on before the mail went out keeps its newest code from the owner before', async () => {
    const ticket = await world.ticket({ user_id: world.john });
    await reissue(ticket); // which ends the offers made before
    const delay = (due: string) => world.sql(`UPDATE graphile_worker._private_jobs SET run_at = ${due}`);
    await delay("now() + interval '1 hour'");
    const code = await offer(ticket);
    await world.call(`/transfers/${code}/accept`, { who: 'mary', method: 'POST' });
    await delay('now()');
    await runJobs(world.system);
    const subjects = server.to(john()).map(({ subject }) => subject);
    expect(subjects).toEqual(['Your ticket was taken: Tonight <3']);
    expect(server.to('mary@mail.com')).toHaveLength(1);
  });
});

it('speaks the language of the interface when a request asks for none', async () => {
  const { web } = world.accounts.interfaces;
  const speak = async (language: string) => {
    await world.sql('UPDATE interface SET language = $1 WHERE id = $2', language, web);
    await world.sql('UPDATE auth_revision SET revision = revision + 1');
    await world.system.auth.reload();
  };
  await speak('pt');
  const items = [{ ticket_type_id: world.tonight.group, quantity: 1 }];
  const bought = async (email: string, headers?: Record<string, string>) => {
    const body = { items, buyer: { email } };
    const { cart } = (await world.call('/carts', { who: 'seller', body, ...(headers && { headers }) })).body;
    const paid = await world.call(`/carts/${cart.id}/payments`, { who: 'seller', body: { method: 'free' } });
    expect([paid.status, paid.body.payment?.status]).toEqual([201, 'captured']);
  };
  await bought('pt@mail.com');
  await bought('es@mail.com', { 'accept-language': 'es' });
  await speak('en');
  await runJobs(world.system);
  expect(server.to('pt@mail.com')[0]?.subject).toBe('Os seus bilhetes: Tonight <3');
  expect(server.to('es@mail.com')[0]?.subject).toBe('Sus entradas: Tonight <3');
});
