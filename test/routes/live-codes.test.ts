import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runJobs } from '../../src/jobs/worker.ts';
import { type MailServer, mailServer } from '../helpers/mail-server.ts';
import { type DoorWorld, doorWorld, type TestTicket } from '../helpers/ticket-factories.ts';

let server: MailServer;
let world: DoorWorld;
beforeAll(async () => {
  server = await mailServer();
  world = await doorWorld({ env: { SMTP_URL: server.url, MAIL_FROM: 'door@acme.example' } });
  await world.sql(`INSERT INTO currency VALUES ('EUR', '978', 'Euro', 2)`);
});
afterAll(async () => {
  await world.close();
  await server.close();
});

const update = (body: object) => world.call(`/events/${world.tonight.event_id}`, { method: 'PATCH', body });
const visit = async (url: string, headers = {}) => world.app.inject({ url: new URL(url).pathname, headers });
const linkOf = async ({ id }: { id: string }): Promise<string> =>
  (await world.call(`/tickets/${id}/code`, { who: 'seller' })).body.code.live_url;
const linksIn = (text: string) => text.match(/http:\S+\/live\/\S+/g) ?? [];
/** A guest's cart, paid. */
async function bought(email: string, quantity = 1): Promise<string> {
  const items = [{ ticket_type_id: world.tonight.group, quantity }];
  const { cart } = (await world.call('/carts', { who: 'seller', body: { items, buyer: { email } } })).body;
  await world.call(`/carts/${cart.id}/payments`, { who: 'seller', body: { method: 'free' } });
  return cart.id;
}

describe('codes that are to rotate while tickets are out', () => {
  let printed: TestTicket;

  it('are refused until somebody says that printed ones end; then their owners are told where the live ones are', async () => {
    printed = await world.ticket({ user_id: world.john });
    await world.ticket({ status: 'void', email: 'gone@mail.com' });
    const guests = await bought('guest@mail.com', 2);
    const refused = await update({ rotating_codes: true });
    expect([refused.status, refused.body.code, refused.body.tickets, refused.body.needed]).toEqual([
      ...[409, 'conflict', 3, 'end_printed_codes'],
    ]);
    const paper = await world.code(printed);
    expect((await update({ rotating_codes: true, end_printed_codes: true })).status).toBe(200);
    const { reason } = (await world.scan(paper)).body.validation;
    expect(reason).toBe('expired'); // at once: the door does not go by what it knew a second ago
    expect((await update({ rotating_codes: true })).status).toBe(200); // they do already

    await runJobs(world.system);
    const [mail] = server.to('guest@mail.com').filter(({ text }) => text?.includes('from now on'));
    expect(mail?.attachments.map(({ filename }) => filename)).toEqual(['dates.ics']);
    const links = linksIn(mail?.text ?? '');
    const tickets = await world.sql<{ id: string }>(
      'SELECT id FROM ticket WHERE cart_id = $1 ORDER BY id',
      guests,
    );
    expect(links).toEqual(await Promise.all(tickets.map(linkOf)));
    const [john] = await world.sql<{ email: string }>(
      'SELECT email FROM user_account WHERE id = $1',
      world.john,
    );
    expect(linksIn(server.to(john?.email ?? '').at(-1)?.text ?? '')).toEqual([await linkOf(printed)]);
    expect(server.to('gone@mail.com')).toEqual([]);
    const told = await world.sql<{ data: { changed?: string[] } }>(
      "SELECT data FROM change WHERE type = 'event.updated'",
    );
    const changed = told.map(({ data }) => data.changed).filter((names) => names);
    expect(changed).toEqual([['rotating_codes'], ['rotating_codes']]);
  });

  it('may begin before any is out, without a word', async () => {
    const event = `/events/${world.tomorrow.event_id}`;
    expect((await world.call(event, { method: 'PATCH', body: { rotating_codes: true } })).status).toBe(200);
  });
});

describe('a guest without an account', () => {
  it('has the live code of each ticket by the link in the mail, which brings itself up to date', async () => {
    await bought('ada@mail.com');
    await runJobs(world.system);
    const [link = ''] = linksIn(server.to('ada@mail.com')[0]?.text ?? '');
    const page = await visit(link, { 'accept-language': 'es' });
    expect([page.statusCode, page.headers['content-type'], page.headers['cache-control']]).toEqual([
      ...[200, 'text/html; charset=utf-8', 'private, no-store'],
    ]);
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    expect(page.headers['referrer-policy']).toBe('no-referrer');
    expect(page.body).toContain('Tonight &lt;3');
    expect(page.body).toContain('<html lang="es">');
    const seconds = Number(/http-equiv="refresh" content="(\d+)"/.exec(page.body)?.[1]);
    expect(seconds).toBeGreaterThanOrEqual(1);
    expect(seconds).toBeLessThanOrEqual(15);
    expect(page.body.match(/<svg/g)).toHaveLength(1);
  });

  it('of whom the guest list says so, too', async () => {
    await world.call('/courtesies', {
      body: {
        ...{ event_id: world.tonight.event_id, ticket_type_id: world.tonight.standing },
        guests: [{ first_name: 'Eva', email: 'eva@mail.com' }],
      },
    });
    await runJobs(world.system);
    const [link = ''] = linksIn(server.to('eva@mail.com')[0]?.text ?? '');
    expect((await visit(link)).statusCode).toBe(200);
  });

  it('has it no more once the code was replaced, the ticket is void or somebody else’s', async () => {
    const [reissued, voided] = [await world.ticket(), await world.ticket()];
    const links = [await linkOf(reissued), await linkOf(voided)];
    for (const link of links) expect((await visit(link)).statusCode).toBe(200);
    await world.call(`/tickets/${reissued.id}/reissue`, { method: 'POST' });
    await world.call(`/tickets/${voided.id}/void`, { method: 'POST' });
    for (const link of links) expect((await visit(link)).statusCode).toBe(404);
    expect((await visit(await linkOf(reissued))).statusCode).toBe(200);
  });

  it('keeps it when keys are rotated; nobody makes one out of a code, another ticket or another serial', async () => {
    const [one, two] = [await world.ticket(), await world.ticket()];
    const link = await linkOf(one);
    await world.system.ticketKeys.rotate(world.accounts.company_id);
    expect((await visit(link)).statusCode).toBe(200);
    expect(await linkOf(one)).not.toBe(link);
    await world.sql('UPDATE ticket SET serial = 1 WHERE id = $1', one.id);
    const forged = [
      link.replace(one.id, two.id),
      link.replace(`${one.id}.0.`, `${one.id}.1.`),
      link.replace(/\/live\/\d+/, '/live/999999999'),
      link.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A')),
      `${world.system.publicUrl}/live/${await world.code(two)}`,
      `${world.system.publicUrl}/live/${'1.'.repeat(40)}`,
      `${world.system.publicUrl}/live/1.${'-'.repeat(36)}.0.1.${'A'.repeat(86)}`,
    ];
    for (const url of forged) expect([url, (await visit(url)).statusCode]).toEqual([url, 404]);
  });

  it('sees the code that stays where codes do not rotate, and nothing that asks again', async () => {
    expect((await update({ rotating_codes: false })).status).toBe(200);
    const page = await visit(await linkOf(await world.ticket({ first_name: '<b>', last_name: '& Söhne' })));
    expect(page.body).not.toContain('http-equiv');
    expect(page.body).toContain('&lt;b&gt; &amp; Söhne');
  });
});
