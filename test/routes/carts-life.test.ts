import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cart, type SaleDetail } from '../../src/schemas/carts.ts';
import { type ApiWorld, apiWorld } from '../helpers/api-world.ts';
import { cartCalls } from '../helpers/cart-calls.ts';
import { strict } from '../helpers/strict-schema.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await apiWorld();
});
afterAll(async () => {
  const { errors } = world;
  await world.close();
  expect(errors).toEqual([]);
});

const { post, ask, standing, seat, opened, refusal } = cartCalls(() => world);
/** Instants are text in JSON; the schemas say Date. */
const parses = (schema: typeof Cart | typeof SaleDetail, value: unknown) => strict(schema).parse(value);

describe('a cart', () => {
  it('is changed from the state that was seen', async () => {
    const { id } = await opened(standing());
    const seen = await ask('GET', `/carts/${id}`);
    const etag = seen.headers.etag as string;
    expect((await ask('GET', `/carts/${id}`, { headers: { 'if-none-match': etag } })).statusCode).toBe(304);
    const change = (tag: string, notes: string) =>
      ask('PATCH', `/carts/${id}`, { headers: { 'if-match': tag }, body: { notes } });
    const changed = await change(etag, 'first');
    expect(changed.json().cart.notes).toBe('first');
    expect(refusal(await change(etag, 'second'))).toMatchObject({ status: 412, code: 'precondition_failed' });
    const stale = await ask('DELETE', `/carts/${id}`, { headers: { 'if-match': etag } });
    expect(stale.statusCode).toBe(412);
    const fresh = (await ask('GET', `/carts/${id}`)).headers.etag as string;
    expect((await ask('DELETE', `/carts/${id}`, { headers: { 'if-match': fresh } })).statusCode).toBe(204);
  });

  it('is extended, without a body too', async () => {
    const { id } = await opened(standing());
    const extended = await ask('POST', `/carts/${id}/extend`);
    expect(extended.statusCode, extended.body).toBe(200);
    expect(refusal(await ask('POST', `/carts/${id}/extend`, { body: { seconds: 1 } }))).toMatchObject({
      status: 409,
      code: 'limit_exceeded',
    });
  });

  it('is cancelled once', async () => {
    const { id } = await opened(standing());
    const gone = await ask('DELETE', `/carts/${id}`);
    expect([gone.statusCode, gone.body]).toEqual([204, '']);
    expect((await ask('GET', `/carts/${id}`)).json().cart.status).toBe('cancelled');
    expect(refusal(await ask('DELETE', `/carts/${id}`))).toMatchObject({
      status: 409,
      code: 'cart_not_open',
      cart_status: 'cancelled',
    });
  });

  it('expires by the clock', async () => {
    const { id } = await opened(standing());
    await world.system.db.pool.query("UPDATE cart SET expires_at = now() - interval '1 s' WHERE id = $1", [
      id,
    ]);
    expect((await ask('GET', `/carts/${id}`)).json().cart.status).toBe('expired');
    const answer = await post(`/carts/${id}/sale_details`, { items: [standing()] });
    expect(refusal(answer)).toMatchObject({ status: 409, code: 'cart_expired' });
  });

  it("is adopted by a user of its client, and then out of the client's reach", async () => {
    const { id } = await opened(standing());
    const adopted = await ask('PATCH', `/carts/${id}`, { who: 'john', body: {} });
    expect(adopted.json().cart.user_id).toBe(world.accounts.user.id);
    expect((await ask('GET', `/carts/${id}`)).statusCode).toBe(404);
    expect((await ask('GET', `/carts/${id}`, { who: 'mary' })).statusCode).toBe(404);
    expect((await ask('GET', `/carts/${id}`, { who: 'seller' })).statusCode).toBe(200);
  });
});

describe('codes', () => {
  it('are put on and taken off', async () => {
    const { id, totals } = await opened(standing());
    const applied = await post(`/carts/${id}/codes`, { code: 'tenoff' });
    expect(applied.statusCode).toBe(201);
    expect(applied.json().cart).toMatchObject({ codes: ['TENOFF'], totals: { discount: 500 } });
    expect(refusal(await post(`/carts/${id}/codes`, { code: 'TENOFF' }))).toMatchObject({
      status: 409,
      code: 'code_not_applicable',
      reason: 'already_applied',
    });
    expect((await ask('DELETE', `/carts/${id}/codes/TENOFF`)).statusCode).toBe(204);
    expect((await ask('GET', `/carts/${id}`)).json().cart.totals).toEqual(totals);
    expect((await ask('DELETE', `/carts/${id}/codes/TENOFF`)).statusCode).toBe(404);
  });

  it('that nobody knows are not found, whatever they look like', async () => {
    const { id } = await opened(standing());
    for (const code of ['NONE', '100%', 'a/b', "x' OR 1=1", '🎟️']) {
      expect((await post(`/carts/${id}/codes`, { code })).statusCode).toBe(404);
      expect((await ask('DELETE', `/carts/${id}/codes/${encodeURIComponent(code)}`)).statusCode).toBe(404);
    }
  });
});

describe('GET /carts', () => {
  it('is the history of the user, or of the interface', async () => {
    const cart = (await post('/carts', { items: [standing()] }, { who: 'mary' })).json().cart;
    const mine = await ask('GET', '/carts?per_page=1', { who: 'mary' });
    expect(mine.json()).toEqual({ carts: [cart] });
    parses(Cart, mine.json().carts[0]);
    const all = await ask('GET', `/carts?user_id=${world.mary.id}&status=open,paid`, { who: 'seller' });
    expect(all.json().carts.map((c: { id: string }) => c.id)).toContain(cart.id);
    expect(refusal(await ask('GET', '/carts'))).toMatchObject({ status: 403, code: 'user_required' });
  });

  it('names every filter that it does not understand', async () => {
    const answer = await ask('GET', '/carts?status=open,shut&event_id=x&from=yesterday&to=1', {
      who: 'seller',
    });
    const { status, errors } = refusal(answer);
    expect(status).toBe(422);
    const pointers = errors.map(({ pointer }: { pointer: string }) =>
      pointer.split('/').slice(0, 3).join('/'),
    );
    expect([...new Set(pointers)].sort()).toEqual([
      '/query/event_id',
      '/query/from',
      '/query/status',
      '/query/to',
    ]);
  });
});

describe('an Idempotency-Key', () => {
  it('replays what a hold answered, to the letter', async () => {
    const headers = { 'idempotency-key': 'once' };
    const body = { items: [standing(2)], buyer: { first_name: 'Zoë 🎟️' } };
    const first = await post('/carts', body, { headers });
    const second = await post('/carts', body, { headers });
    expect(second.statusCode).toBe(201);
    expect(second.body).toBe(first.body);
    expect(second.headers.location).toBe(first.headers.location);
    expect(second.headers['idempotent-replayed']).toBe('true');
    const other = await post('/carts', { items: [standing(1)] }, { headers });
    expect(refusal(other)).toMatchObject({ status: 422, code: 'idempotency_key_reused' });
  });

  it('has one effect, however often it is sent at once', async () => {
    const { id } = await opened();
    const headers = { 'idempotency-key': 'fifty' };
    const answers = await Promise.all(
      Array.from({ length: 50 }, () =>
        post(`/carts/${id}/sale_details`, { items: [standing()] }, { headers }),
      ),
    );
    const statuses = answers.map((answer) => answer.statusCode);
    expect(statuses.filter((status) => status === 201).length).toBeGreaterThan(0);
    for (const answer of answers)
      if (answer.statusCode !== 201)
        expect(refusal(answer)).toMatchObject({ status: 409, code: 'idempotency_in_progress' });
    expect((await ask('GET', `/carts/${id}`)).json().cart.sale_details).toHaveLength(1);
  });

  it('is free again after a refusal', async () => {
    const taken = [seat()];
    const holder = await opened({ ticket_type_id: world.seated, seat_ids: taken });
    const again = () =>
      post(
        '/carts',
        { items: [{ ticket_type_id: world.seated, seat_ids: taken }] },
        {
          headers: { 'idempotency-key': 'later' },
        },
      );
    expect((await again()).statusCode).toBe(409);
    await ask('DELETE', `/carts/${holder.id}`);
    expect((await again()).statusCode).toBe(201);
  });
});
