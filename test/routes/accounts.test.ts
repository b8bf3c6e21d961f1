import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runJobs } from '../../src/jobs/worker.ts';
import { type ApiWorld, apiWorld } from '../helpers/api-world.ts';
import { type MailServer, mailServer } from '../helpers/mail-server.ts';
import { postForm } from '../helpers/oauth.ts';

let mails: MailServer;
let world: ApiWorld;
beforeAll(async () => {
  mails = await mailServer();
  world = await apiWorld({ env: { SMTP_URL: mails.url } });
});
afterAll(async () => {
  await world.close();
  await mails.close();
});
beforeEach(async () => {
  await runJobs(world.system);
  mails.received.length = 0;
});

let people = 0;
const password = 'correct horse';

/** Registers somebody through the web site and signs them in. */
async function register(email = `new${++people}@mail.com`) {
  const body = { email, password, first_name: 'Ana', last_name: 'Roe', locale: 'es' };
  const made = await world.call('POST', '/users', { who: 'buyer', body });
  expect(made.statusCode, made.body).toBe(201);
  return { id: made.json().user.id as number, email, token: await signIn(email) };
}

const tokenAnswer = (username: string, secret = password) =>
  postForm(
    world.app,
    '/auth/token',
    { grant_type: 'password', username, password: secret, scope: 'public buy' },
    world.accounts.clients.web,
  );
const signIn = async (username: string, secret?: string) =>
  (await tokenAnswer(username, secret)).json().access_token as string;

/** The code in the only mail to an address. */
async function codeTo(address: string): Promise<string> {
  await runJobs(world.system);
  const got = mails.to(address).filter(({ attachments }) => !attachments.length); // tickets are no code
  expect(got).toHaveLength(1);
  return /^ {4}([A-Z0-9-]+)$/m.exec(got[0]?.text ?? '')?.[1] as string;
}

const verify = (user: { id: number; token: string }, code: string) =>
  world.call('PUT', `/users/${user.id}/email_verifications/${code}`, { token: user.token });
const ask = (user: { id: number; token: string }) =>
  world.call('POST', `/users/${user.id}/email_verifications`, { token: user.token });
const sql = async (text: string, ...values: unknown[]) =>
  (await world.system.db.pool.query(text, values)).rows;

describe('an address', () => {
  it('is proved by the code that registration sends', async () => {
    const user = await register();
    const code = await codeTo(user.email);
    expect(code).toMatch(/^[B-DF-HJ-NP-TV-Z2-9]{4}-[B-DF-HJ-NP-TV-Z2-9]{4}$/);
    const answer = await verify(user, code.toLowerCase().replace('-', ''));
    expect(answer.statusCode).toBe(200);
    expect(answer.json().user).toMatchObject({ email: user.email, pending_email: null });
    expect(answer.json().user.email_verified_at).toMatch(/^20\d\d-/);
    expect((await verify(user, code)).json()).toMatchObject({ status: 404, code: 'not_found' });
    const other = await register();
    const others = await codeTo(other.email);
    expect((await verify(user, others)).statusCode).toBe(404);
    expect((await world.call('GET', '/users/me', { token: other.token })).json().user.email_verified_at).toBe(
      null,
    );
  });

  it('has one code that counts: the latest, for half an hour, and for five wrong tries', async () => {
    const user = await register();
    const first = await codeTo(user.email);
    const asked = await ask(user);
    expect(asked.statusCode).toBe(202);
    expect(asked.json()).toEqual({
      email_verification: { email: user.email, expires_at: expect.any(String) },
    });
    const second = await codeTo(user.email);
    expect((await verify(user, first)).statusCode).toBe(404);
    for (let i = 0; i < 4; i++) expect((await verify(user, 'BBBB-BBBB')).statusCode).toBe(404);
    expect((await verify(user, second)).statusCode).toBe(404);
    await ask(user);
    const third = await codeTo(user.email);
    await sql('UPDATE email_verification SET expires_at = now() WHERE user_id = $1', user.id);
    expect((await verify(user, third)).statusCode).toBe(404);
    for (let i = 0; i < 8; i++) expect((await ask(user)).statusCode).toBe(202);
    expect((await ask(user)).json()).toMatchObject({ status: 429, code: 'rate_limited' });
  });

  it('that changes counts once it is proved; the old one is told', async () => {
    const user = await register();
    await verify(user, await codeTo(user.email));
    const patch = (body: object) => world.call('PATCH', `/users/${user.id}`, { token: user.token, body });
    const moved = (await patch({ email: 'moved@mail.com' })).json().user;
    expect(moved).toMatchObject({ email: user.email, pending_email: 'moved@mail.com' });
    expect(moved.email_verified_at).not.toBeNull();
    expect(await signIn('moved@mail.com')).toBeUndefined();
    const code = await codeTo('moved@mail.com');
    const answer = await verify(user, code);
    expect(answer.json().user).toMatchObject({ email: 'moved@mail.com', pending_email: null });
    await runJobs(world.system);
    expect(mails.to(user.email).map(({ subject }) => subject)).toEqual(['Su correo en acme ha cambiado']);
    expect(await signIn('moved@mail.com')).toBeDefined();
    expect(await signIn(user.email)).toBeUndefined();
    expect((await patch({ email: 'John.Doe@mail.com' })).json()).toMatchObject({ code: 'email_taken' });
  });

  it('that somebody else took meanwhile is not had', async () => {
    const user = await register();
    await codeTo(user.email);
    await world.call('PATCH', `/users/${user.id}`, { token: user.token, body: { email: 'late@mail.com' } });
    const code = await codeTo('late@mail.com');
    await register('Late@mail.com');
    expect((await verify(user, code)).json()).toMatchObject({ status: 409, code: 'email_taken' });
    const back = await world.call('PATCH', `/users/${user.id}`, {
      ...{ token: user.token, body: { email: user.email } },
    });
    expect(back.json().user.pending_email).toBeNull();
  });

  it('of other letters is one however it is written; what stands behind a plus is another', async () => {
    const user = await register('eva@BÜCHER.example');
    expect(await signIn('EVA@bücher.example')).toBeDefined();
    expect(await signIn('eva@xn--bcher-kva.example')).toBeDefined();
    const body = { email: 'eva@xn--bcher-kva.example', password, first_name: 'A', last_name: 'B' };
    const taken = await world.call('POST', '/users', { who: 'buyer', body });
    expect(taken.json()).toMatchObject({ code: 'email_taken' });
    await codeTo('eva@bücher.example'); // as the server shows it
    expect((await register('eva+tickets@mail.com')).id).not.toBe(user.id);
  });
});

describe('purchases without an account', () => {
  const buy = async (email: string, quantity = 1) => {
    const items = [{ ticket_type_id: world.standing, quantity }];
    const { cart } = (
      await world.call('POST', '/carts', { who: 'buyer', body: { items, buyer: { email } } })
    ).json();
    const body = { method: 'card', card: { token: 'sandbox_approved' } };
    expect((await world.call('POST', `/carts/${cart.id}/payments`, { who: 'buyer', body })).statusCode).toBe(
      201,
    );
    return cart.id as string;
  };
  const mine = async (user: { token: string }) =>
    (await world.call('GET', '/carts', { token: user.token }))
      .json()
      .carts.map(({ id }: { id: string }) => id);

  it('become those of the account whose owner proves the address, and of no other', async () => {
    const cart_id = await buy('Guest@mail.com');
    const others = await buy('somebody@mail.com');
    const user = await register('guest@mail.com');
    expect(await mine(user)).toEqual([]);
    await verify(user, await codeTo(user.email));
    expect(await mine(user)).toEqual([cart_id]);
    const { tickets } = (await world.call('GET', '/tickets', { token: user.token })).json();
    expect(tickets).toMatchObject([{ cart_id, status: 'valid', qr_code: expect.any(String) }]);
    expect((await world.call('GET', `/carts/${cart_id}`, { who: 'buyer' })).statusCode).toBe(404);
    expect((await world.call('GET', `/carts/${others}`, { who: 'buyer' })).statusCode).toBe(200);
  });

  it('stay as they are where they would go beyond what a person may have', async () => {
    const [first, second] = [await buy('many@mail.com', 2), await buy('many@mail.com', 2)];
    await sql('UPDATE ticket_type SET max_per_user = 3 WHERE id = $1', world.standing);
    const user = await register('many@mail.com');
    await verify(user, await codeTo(user.email));
    await sql('UPDATE ticket_type SET max_per_user = NULL WHERE id = $1', world.standing);
    expect(await mine(user)).toEqual([first]);
    expect(await sql('SELECT user_id FROM cart WHERE id = $1', second)).toEqual([{ user_id: null }]);
  });
});

describe('a forgotten password', () => {
  const forget = (email: string) =>
    world.call('POST', '/users/password_resets', { who: 'buyer', body: { email } });
  const reset = (code: string, new_password = 'a better horse') =>
    world.call('PUT', `/users/password_resets/${code}`, { who: 'buyer', body: { new_password } });

  it('is replaced once by the code from the mailbox; all sessions end', async () => {
    const user = await register();
    await codeTo(user.email);
    expect((await forget(user.email.toUpperCase())).statusCode).toBe(202);
    const code = await codeTo(user.email);
    const answers = await Promise.all(Array.from({ length: 10 }, () => reset(code)));
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([204, ...Array(9).fill(404)]);
    expect((await world.call('GET', '/users/me', { token: user.token })).statusCode).toBe(401);
    expect(await signIn(user.email)).toBeUndefined();
    const token = await signIn(user.email, 'a better horse');
    const { email_verified_at } = (await world.call('GET', '/users/me', { token })).json().user;
    expect(email_verified_at).not.toBeNull(); // who has the code has the mailbox
    await runJobs(world.system);
    expect(mails.to(user.email).map(({ subject }) => subject)).toEqual([
      'Su contraseña para acme ha cambiado',
    ]);
    expect((await reset(code)).statusCode).toBe(404);
  });

  it('is answered alike for whom there is no account: same words, same work', async () => {
    const user = await register();
    await codeTo(user.email);
    const tables = async () => Object.entries(await world.stored());
    const effect = async (email: string) => {
      const before = new Map(await tables());
      const answer = await forget(email);
      const { date, 'x-request-id': _, ...headers } = answer.headers;
      const touched = (await tables()).filter(([name, digest]) => before.get(name) !== digest);
      for (const name of Object.keys(headers)) if (name.startsWith('ratelimit')) delete headers[name];
      return {
        status: answer.statusCode,
        body: answer.body,
        headers,
        touched: touched.map(([name]) => name),
      };
    };
    const known = await effect(user.email);
    expect(await effect('nobody-at-all@mail.com')).toEqual(known);
    expect(known.status).toBe(202);
    await runJobs(world.system);
    expect(mails.received.map(({ to }) => to)).toEqual([[user.email]]);
  });

  it('has codes that run out, and not without end: a mailbox is not flooded', async () => {
    const user = await register();
    await codeTo(user.email);
    await forget(user.email);
    const code = await codeTo(user.email);
    await sql('UPDATE password_reset SET expires_at = now() WHERE user_id = $1', user.id);
    expect((await reset(code)).statusCode).toBe(404);
    for (let i = 0; i < 8; i++) {
      await forget(user.email);
      await runJobs(world.system);
    }
    expect(mails.to(user.email)).toHaveLength(4);
  });

  it('of somebody who is not active, or of another company, is not replaced', async () => {
    const user = await register();
    await codeTo(user.email);
    await forget(user.email);
    const code = await codeTo(user.email);
    const body = { new_password: 'a better horse' };
    const foreign = await world.call('PUT', `/users/password_resets/${code}`, { who: 'outsider', body });
    expect(foreign.statusCode).toBe(404);
    await world.call('PATCH', `/users/${user.id}`, { who: 'admin', body: { active: false } });
    expect((await reset(code)).statusCode).toBe(404);
    await forget(user.email);
    await runJobs(world.system);
    expect(mails.to(user.email)).toEqual([]);
  });
});

it('nothing is logged of addresses and codes, and nothing of them stays in the queue', async () => {
  const user = await register();
  const code = await codeTo(user.email);
  const left = JSON.stringify([
    await sql('SELECT * FROM graphile_worker._private_jobs'),
    await sql('SELECT * FROM mail'),
    world.errors,
  ]);
  expect(left).not.toContain(user.email);
  expect(left).not.toContain(code);
});
