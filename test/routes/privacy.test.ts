import { randomUUID } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import yauzl from 'yauzl';
import { runJobs } from '../../src/jobs/worker.ts';
import { verifyDatabase } from '../../src/services/verify/run.ts';
import { type ApiWorld, apiWorld, type Method } from '../helpers/api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await apiWorld();
});
afterAll(() => world.close());

const sql = async (text: string, ...values: unknown[]) =>
  (await world.system.db.pool.query(text, values)).rows;

let marks = 0;
/** A word that occurs nowhere else. */
const mark = () => `zq${++marks}x${randomUUID().slice(0, 6)}`;

/** Somebody of whom everything there can be is known, each piece by a word of its own. */
async function knownPerson() {
  const words: string[] = [];
  const word = () => {
    const made = mark();
    words.push(made);
    return made;
  };
  const email = `${word()}@mail.com`;
  const person = { first_name: word(), last_name: word(), document_number: word() };
  const profile = { email, password: 'correct horse', ...person };
  const registered = await world.call('POST', '/users', {
    ...{ who: 'buyer', body: profile, headers: { 'idempotency-key': mark() } },
  });
  const { id } = registered.json().user as { id: number };
  const [{ code }] = await sql("SELECT data ->> 'code' AS code FROM mail WHERE user_id = $1", id);
  const { access_token: token } = (
    await world.call('POST', '/auth/token', {
      body: {
        ...{ grant_type: 'password', username: email, password: 'correct horse', scope: 'public buy' },
        ...{ client_id: world.accounts.clients.web.id, client_secret: world.accounts.clients.web.secret },
      },
    })
  ).json();
  const send = async (method: Method, url: string, body?: object, by: object = { token }) => {
    const headers = { ...(method !== 'GET' && { 'idempotency-key': mark() }) };
    const answer = await world.call(method, url, { ...by, body, headers });
    expect(answer.statusCode, `${method} ${url}: ${answer.body}`).toBeLessThan(300);
    return answer.body ? answer.json() : {};
  };
  // Bought before there was an account, too.
  const guestItems = [{ ticket_type_id: world.standing, quantity: 1, holder: { ...person, email } }];
  const guestCart = await send('POST', '/carts', { items: guestItems, buyer: { email } }, { who: 'buyer' });
  const card = { method: 'card', card: { token: 'sandbox_approved' } };
  await send('POST', `/carts/${guestCart.cart.id}/payments`, card, { who: 'buyer' });
  await send('PUT', `/users/${id}/email_verifications/${code}`);
  await send('PATCH', `/users/${id}`, { phone: '+34 611 222 333', birth_date: '1987-06-05' });
  words.push('611 222 333', '1987-06-05');
  const address = {
    label: word(),
    line1: word(),
    line2: word(),
    city: word(),
    country_id: 46,
    state_id: 530,
  };
  await send('POST', `/users/${id}/addresses`, address);
  const guest = {
    first_name: word(),
    last_name: word(),
    email: `${word()}@mail.com`,
    document_number: word(),
  };
  const kept = (await send('POST', `/users/${id}/guests`, guest)).guest;
  await send('PATCH', `/users/${id}`, { email: `${word()}@mail.com` });
  await send('POST', `/users/${id}/consents`, { purpose: 'terms', text_version: 'v1', granted: true });
  const items = [
    { ticket_type_id: world.standing, quantity: 1, guest_id: kept.id },
    { ticket_type_id: world.seated, best_available: { quantity: 1 }, holder: person },
  ];
  const buyer = { ...person, email, phone: '+34 611 222 333' };
  const { cart } = await send('POST', '/carts', { items, buyer, notes: word() });
  await send('POST', `/carts/${cart.id}/payments`, card);
  const { tickets } = await send('GET', `/carts/${cart.id}/tickets`);
  await send('PATCH', `/tickets/${tickets[0].id}`, { holder: { first_name: word(), last_name: word() } });
  await send('POST', '/users/password_resets', { email }, { who: 'buyer' });
  await send('POST', '/carts', { items: [{ ticket_type_id: world.standing, quantity: 1 }], buyer });
  return { id, token, email, words, cart, tickets, send };
}

/** Where any of the words still is: table, and the word. */
async function found(words: readonly string[]): Promise<string[]> {
  const tables = await sql(
    `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND n.nspname IN ('public', 'graphile_worker')`,
  );
  expect(tables.length).toBeGreaterThan(60);
  const hits: string[] = [];
  for (const { name } of tables) {
    const rows = await sql(
      `SELECT DISTINCT w FROM ${name} t, unnest($1::text[]) AS w WHERE strpos(lower(t::text), lower(w)) > 0`,
      words,
    );
    for (const { w } of rows) hits.push(`${name}: ${w}`);
  }
  return hits;
}

describe('an erased person', () => {
  it('is in no table any more, under none of their words; books and tickets stay valid', async () => {
    const person = await knownPerson();
    const before = await found(person.words);
    const where = new Set(before.map((hit) => hit.split(':')[0]));
    for (const table of ['user_account', 'address', 'guest', 'cart', 'sale_detail', 'ticket', 'mail'])
      expect(where).toContain(`public.${table}`);
    expect(where).toContain('public.idempotency_key');
    expect(new Set(before.map((hit) => hit.split(': ')[1]))).toEqual(new Set(person.words));
    const books = () => sql('SELECT kind, amount, cart_id FROM ledger_entry ORDER BY id');
    const booked = await books();

    const gone = await world.call('DELETE', `/users/${person.id}`, { token: person.token });
    expect(gone.statusCode, gone.body).toBe(204);
    expect(await found(person.words)).toEqual([]);
    await runJobs(world.system);
    expect(await found(person.words)).toEqual([]);

    expect(await books()).toEqual(booked);
    expect((await world.call('GET', '/users/me', { token: person.token })).statusCode).toBe(401);
    expect((await world.call('GET', `/users/${person.id}`, { who: 'admin' })).statusCode).toBe(404);
    const cart = (await world.call('GET', `/carts/${person.cart.id}`, { who: 'seller' })).json().cart;
    expect(cart).toMatchObject({ status: 'paid', user_id: person.id, notes: null });
    expect(cart.totals).toEqual({ ...person.cart.totals, paid: person.cart.totals.total });
    expect(Object.values(cart.buyer)).toEqual([null, null, null, null, null, null]);
    for (const { id, qr_code } of person.tickets) {
      const { ticket } = (await world.call('GET', `/tickets/${id}`, { who: 'seller' })).json();
      expect(ticket).toMatchObject({ status: 'valid', holder: null, qr_code });
      const scan = { qr_code, event_id: world.event_id };
      const scanned = await world.call('POST', '/validations', { who: 'admin', body: scan });
      expect(scanned.json().validation.result).toBe('accepted');
    }
    const [{ data }] = await sql("SELECT data FROM change WHERE type = 'user.erased'");
    expect(data).toEqual({ user_id: person.id });
  });

  it('is erased once, and their address is free again', async () => {
    const { id, email } = await world.person();
    const erase = () => world.call('DELETE', `/users/${id}`, { who: 'admin' });
    const answers = await Promise.all(Array.from({ length: 10 }, erase));
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([204, ...Array(9).fill(404)]);
    const body = { email, password: 'correct horse', first_name: 'New', last_name: 'Person' };
    expect((await world.call('POST', '/users', { who: 'buyer', body })).statusCode).toBe(201);
  });

  it('is gone from answers kept for repetitions; what was done is not done again', async () => {
    const headers = { 'idempotency-key': mark() };
    const body = { email: 'kept@mail.com', password: 'correct horse', first_name: 'Kept', last_name: 'Once' };
    const first = await world.call('POST', '/users', { who: 'buyer', body, headers });
    await world.call('DELETE', `/users/${first.json().user.id}`, { who: 'admin' });
    const again = await world.call('POST', '/users', { who: 'buyer', body, headers });
    expect(again.json()).toMatchObject({ status: 404, code: 'not_found' });
    expect(await sql("SELECT 1 FROM user_account WHERE email_key = 'kept@mail.com'")).toEqual([]);
  });

  it('takes nothing along of whose address they only claim', async () => {
    const items = [{ ticket_type_id: world.standing, quantity: 1 }];
    const email = 'victim@mail.com';
    const { cart } = (
      await world.call('POST', '/carts', { who: 'seller', body: { items, buyer: { email } } })
    ).json();
    await world.call('POST', `/carts/${cart.id}/payments`, { who: 'seller', body: { method: 'cash' } });
    const body = { email, password: 'correct horse', first_name: 'Not', last_name: 'Them' };
    const { user } = (await world.call('POST', '/users', { who: 'buyer', body })).json();
    await world.call('DELETE', `/users/${user.id}`, { who: 'admin' });
    expect(await sql('SELECT email FROM cart WHERE id = $1', cart.id)).toEqual([{ email }]);
  });

  it('leaves every invariant as it was', async () => {
    const { rows } = await world.system.db.pool.query(
      'SELECT 1 FROM user_account WHERE erased_at IS NOT NULL',
    );
    expect(rows.length).toBeGreaterThan(0);
    const client = await world.system.db.pool.connect();
    const { findings } = await verifyDatabase(client).finally(() => client.release());
    expect(findings.filter(({ breaches }) => breaches)).toEqual([]);
  });
});

/** The files of a ZIP, parsed. */
async function unzip(bytes: Buffer): Promise<Record<string, Record<string, unknown>[]>> {
  const zip = await new Promise<yauzl.ZipFile>((resolve, reject) =>
    yauzl.fromBuffer(bytes, { lazyEntries: true }, (error, file) => (file ? resolve(file) : reject(error))),
  );
  const files: Record<string, Record<string, unknown>[]> = {};
  return new Promise((resolve, reject) => {
    zip.on('error', reject).on('end', () => resolve(files));
    zip.on('entry', (entry: yauzl.Entry) =>
      zip.openReadStream(entry, (error, stream) => {
        if (!stream) return reject(error);
        buffer(stream).then((content) => {
          files[entry.fileName] = JSON.parse(String(content));
          zip.readEntry();
        }, reject);
      }),
    );
    zip.readEntry();
  });
}

describe('an export', () => {
  it('is a ZIP with everything that is held, and with no secret', async () => {
    const person = await knownPerson();
    expect((await world.call('GET', `/users/${person.id}/export`, { token: person.token })).statusCode).toBe(
      404,
    );
    const { job } = await person.send('POST', `/users/${person.id}/export`);
    await runJobs(world.system);
    const done = (await world.call('GET', `/jobs/${job.id}`, { token: person.token })).json().job;
    expect(done).toMatchObject({
      ...{ kind: 'user_export', status: 'succeeded' },
      result: { export: { url: `/users/${person.id}/export` } },
    });
    const answer = await world.call('GET', `/users/${person.id}/export`, { token: person.token });
    expect(answer.headers['content-type']).toBe('application/zip');
    const files = await unzip(answer.rawPayload);
    const text = JSON.stringify(files);
    expect(person.words.filter((word) => !text.includes(word))).toEqual([]);
    expect(files['user_account.json']).toMatchObject([{ id: person.id, birth_date: '1987-06-05' }]);
    expect(files['cart.json']?.length).toBe(3); // the one without an account among them
    for (const name of ['ticket', 'sale_detail', 'payment', 'address', 'guest', 'consent', 'session', 'mail'])
      expect(files[`${name}.json`]?.length, name).toBeGreaterThan(0);
    expect(text).not.toMatch(/password_hash|\$2b\$|code_hash|"hash"|company_id/);
    expect(text).not.toContain('john.doe@mail.com');
  });
});
