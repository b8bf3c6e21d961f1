import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { insertRows } from '../../prisma/seed/rows.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import { type ApiWorld, apiWorld, type Method } from '../helpers/api-world.ts';

let world: ApiWorld;
let user: Awaited<ReturnType<ApiWorld['person']>>;
beforeAll(async () => {
  world = await apiWorld();
  const name = { en: 'Chile', es: 'Chile', pt: 'Chile' };
  await inTransaction(world.system.db, async (tx) => {
    await insertRows(tx, 'country', [{ id: 47, code: 'CL', code3: 'CHL', numeric: '152', name }]);
    await insertRows(tx, 'state', [{ id: 531, country_id: 47, code: 'CL-RM', name: 'Santiago' }]);
  });
});
afterAll(() => world.close());
beforeEach(async () => {
  user = await world.person();
});

const send = (method: Method, path: string, body?: object, headers?: Record<string, string>) =>
  world.call(method, `/users/${user.id}${path}`, { token: user.token, body, headers });
const home = { line1: 'Av. Larco 1', city: 'Lima', country_id: 46, state_id: 530 };
const add = async (more: object = {}) =>
  (await send('POST', '/addresses', { ...home, ...more })).json().address;
const defaults = async () =>
  (await send('GET', '/addresses?per_page=100'))
    .json()
    .addresses.filter((a: { default: boolean }) => a.default)
    .map(({ id }: { id: number }) => id);

describe('addresses', () => {
  it('are kept, read, changed and deleted', async () => {
    const answer = await send('POST', '/addresses', { ...home, label: 'Home', postal_code: '15074' });
    const { address } = answer.json();
    expect(answer.statusCode).toBe(201);
    expect(answer.headers.location).toBe(`/users/${user.id}/addresses/${address.id}`);
    const whole = {
      ...{ id: address.id, user_id: user.id, ...home, label: 'Home', line2: null, postal_code: '15074' },
      ...{ default: true, created_at: expect.any(String), updated_at: expect.any(String) },
    };
    expect(address).toEqual(whole);
    const read = await send('GET', `/addresses/${address.id}`);
    expect(read.json()).toEqual({ address: whole });
    const tag = { 'if-match': read.headers.etag as string };
    const patch = (body: object) => send('PATCH', `/addresses/${address.id}`, body, tag);
    expect((await patch({ city: 'Callao', label: null })).json().address).toEqual({
      ...whole,
      ...{ city: 'Callao', label: null },
    });
    expect((await patch({ city: 'Lima' })).json()).toMatchObject({ status: 412 });
    expect((await send('DELETE', `/addresses/${address.id}`)).statusCode).toBe(204);
    expect((await send('GET', `/addresses/${address.id}`)).statusCode).toBe(404);
  });

  it('have country and state that go together', async () => {
    const fault = async (body: object, method: Method = 'POST', path = '/addresses') =>
      (await send(method, path, body)).json().errors?.map(({ pointer }: { pointer: string }) => pointer);
    expect(await fault({ ...home, country_id: 47 })).toEqual(['/state_id']);
    expect(await fault({ ...home, country_id: 9_999 })).toEqual(['/country_id']);
    expect(await fault({ ...home, state_id: 9_999 })).toEqual(['/state_id']);
    const { id } = await add({ state_id: null });
    expect(await fault({ state_id: 531 }, 'PATCH', `/addresses/${id}`)).toEqual(['/state_id']);
    expect(await fault({ state_id: 531, country_id: 47 }, 'PATCH', `/addresses/${id}`)).toBeUndefined();
    expect(await fault({ country_id: 46 }, 'PATCH', `/addresses/${id}`)).toEqual(['/state_id']);
  });

  it('have one default: the first, until another is made it or it goes', async () => {
    const [first, second, third] = [await add(), await add(), await add({ default: true })];
    expect(await defaults()).toEqual([third.id]);
    await send('PATCH', `/addresses/${second.id}`, { default: true });
    expect(await defaults()).toEqual([second.id]);
    const given = await send('PATCH', `/addresses/${second.id}`, { default: false });
    expect(given.json()).toMatchObject({ status: 422, errors: [{ pointer: '/default' }] });
    await send('DELETE', `/addresses/${second.id}`);
    expect(await defaults()).toEqual([first.id]);
    const two = world.system.db.pool.query('UPDATE address SET "default" = true WHERE user_id = $1', [
      user.id,
    ]);
    await expect(two).rejects.toMatchObject({ constraint: 'address_one_default' });
  });

  it('have one default after any race of fifty', async () => {
    const made = await Promise.all(Array.from({ length: 25 }, () => add({ default: true })));
    expect(await defaults()).toHaveLength(1);
    await Promise.all(
      made.flatMap(({ id }, i) => [
        send('PATCH', `/addresses/${id}`, { default: true }),
        i % 2 ? send('DELETE', `/addresses/${id}`) : add({ default: true }),
      ]),
    );
    expect(await defaults()).toHaveLength(1);
  });

  it('are not kept without end', async () => {
    await world.system.db.pool.query(
      `INSERT INTO address (company_id, user_id, line1, city, country_id)
       SELECT $1, $2, 'x', 'y', 46 FROM generate_series(1, 99)`,
      [world.accounts.company_id, user.id],
    );
    const answers = await Promise.all(Array.from({ length: 5 }, () => send('POST', '/addresses', home)));
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([201, 409, 409, 409, 409]);
  });
});

describe('guests', () => {
  const eva = { first_name: 'Eva', last_name: 'Roe', email: 'eva@mail.com', document_number: 'X1' };

  it('are kept, read, changed and deleted', async () => {
    const answer = await send('POST', '/guests', eva);
    const { guest } = answer.json();
    expect(answer.headers.location).toBe(`/users/${user.id}/guests/${guest.id}`);
    const whole = {
      ...{ id: guest.id, user_id: user.id, ...eva },
      ...{ created_at: expect.any(String), updated_at: expect.any(String) },
    };
    expect((await send('GET', '/guests')).json()).toEqual({ guests: [whole] });
    const changed = await send('PATCH', `/guests/${guest.id}`, { email: null });
    expect(changed.json().guest).toEqual({ ...whole, email: null });
    expect((await send('DELETE', `/guests/${guest.id}`)).statusCode).toBe(204);
    expect((await send('GET', `/guests/${guest.id}`)).statusCode).toBe(404);
  });

  it('are holders of lines: of their own user, not of another', async () => {
    const { guest } = (await send('POST', '/guests', eva)).json();
    const body = { items: [{ ticket_type_id: world.standing, quantity: 1, guest_id: guest.id }] };
    const cart = await world.call('POST', '/carts', { token: user.token, body });
    expect(cart.json().cart.sale_details).toMatchObject([{ holder: eva, guest_id: guest.id }]);
    const other = await world.call('POST', '/carts', { who: 'mary', body });
    expect(other.json()).toMatchObject({ status: 422, errors: [{ pointer: '/items/0/guest_id' }] });
    await send('PATCH', `/guests/${guest.id}`, { first_name: 'Ava' });
    const { id } = cart.json().cart;
    const [line] = (await world.call('GET', `/carts/${id}/sale_details`, { token: user.token })).json()
      .sale_details;
    expect(line.holder).toEqual(eva);
  });
});
