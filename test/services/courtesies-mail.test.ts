import { afterAll, beforeAll, expect, it } from 'vitest';
import { runJobs } from '../../src/jobs/worker.ts';
import { type MailServer, mailServer } from '../helpers/mail-server.ts';
import { readPdf } from '../helpers/pdf.ts';
import { readQrPng } from '../helpers/qr.ts';
import { type DoorWorld, doorWorld } from '../helpers/ticket-factories.ts';

let server: MailServer;
let world: DoorWorld;
beforeAll(async () => {
  server = await mailServer();
  world = await doorWorld({ env: { SMTP_URL: server.url, MAIL_FROM: 'door@acme.example' } });
});
afterAll(async () => {
  await world.close();
  await server.close();
});

const give = (guests: object[], more = {}, headers = {}) =>
  world.call('/courtesies', {
    body: { event_id: world.tonight.event_id, ticket_type_id: world.tonight.standing, guests, ...more },
    headers,
  });

it('each guest with an address is sent the ticket, once it is issued, in the language of the request', async () => {
  const es = { 'accept-language': 'es' };
  const ada = { first_name: 'Ada', email: 'ada@mail.com' };
  const { body } = await give([ada, { first_name: 'Alan' }], {}, es);
  await give([{ first_name: 'Eva', email: 'eva@mail.com' }], { mail: false });
  const waiting = (await give([{ first_name: 'Linus', email: 'linus@mail.com' }], { approval: true })).body;
  await runJobs(world.system);
  expect(server.received.map(({ to }) => to)).toEqual([['ada@mail.com']]);
  const [got] = server.received;
  expect(got?.mail.subject).toBe('Su invitación: Tonight <3');
  expect(got?.mail.text).toContain('Hola, Ada:');
  const [png, pdf, ics] = got?.mail.attachments ?? [];
  expect([png?.filename, png?.contentType]).toEqual(['ticket.png', 'image/png']);
  const code = await world.code({ id: body.courtesies[0].ticket_id });
  expect(readQrPng(png?.content as Buffer)?.text).toBe(code);
  expect([pdf?.filename, ics?.filename]).toEqual(['tickets.pdf', 'dates.ics']);
  const [page, ...more] = await readPdf(pdf?.content as Buffer);
  expect([page?.code, more]).toEqual([code, []]);
  expect(page?.text).toContain('Ada');

  await world.call(`/courtesies/${waiting.courtesies[0].id}/approve`, { method: 'POST' });
  await runJobs(world.system);
  expect(server.received.map(({ to }) => to)).toEqual([['ada@mail.com'], ['linus@mail.com']]);
}, 60_000);
