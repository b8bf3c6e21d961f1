import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ApiWorld, apiWorld, type Method } from '../helpers/api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await apiWorld();
});
afterAll(() => world.close());

const as = async (method: Method, url: string, body?: object, headers?: Record<string, string>) =>
  world.call(method, url, { who: 'admin', body, headers });
const url = 'https://shop.example/hooks';

test('a webhook is made, read, changed and removed; each act is in the audit log, and no secret is', async () => {
  const made = await as('POST', '/webhooks', { url, types: ['cart.*'] });
  const { secret, ...webhook } = made.json().webhook;
  expect(made.statusCode).toBe(201);
  expect(made.headers.location).toBe(`/webhooks/${webhook.id}`);
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect(webhook).toEqual({
    ...{
      id: expect.any(String),
      url,
      description: null,
      types: ['cart.*'],
      interface_id: null,
      active: true,
    },
    ...{ failing_since: null, disabled_at: null, disabled_reason: null, old_secret_expires_at: null },
    ...{ created_at: expect.stringMatching(/Z$/), updated_at: expect.stringMatching(/Z$/) },
  });
  const address = `/webhooks/${webhook.id}`;
  const read = await as('GET', address);
  expect(read.json()).toEqual({ webhook });
  expect((await as('GET', '/webhooks')).json()).toEqual({ webhooks: [webhook] });

  const etag = String(read.headers.etag);
  const changed = await as('PATCH', address, { active: false, description: 'Till' }, { 'if-match': etag });
  expect(changed.json().webhook).toEqual({
    ...webhook,
    ...{ active: false, description: 'Till', updated_at: expect.stringMatching(/Z$/) },
  });
  expect((await as('PATCH', address, { active: true }, { 'if-match': etag })).statusCode).toBe(412);
  const rotated = await as('POST', `${address}/rotate_secret`);
  expect(rotated.json().webhook).toMatchObject({ secret: expect.stringMatching(/^whsec_/), active: false });
  expect(rotated.json().webhook.secret).not.toBe(secret);
  expect(Date.parse(rotated.json().webhook.old_secret_expires_at) - Date.now()).toBeGreaterThan(86_000_000);
  const at_once = await as('POST', `${address}/rotate_secret`, { overlap_seconds: 0 });
  expect(at_once.json().webhook.old_secret_expires_at).toBeNull();

  expect((await as('DELETE', address)).statusCode).toBe(204);
  expect((await as('GET', address)).statusCode).toBe(404);
  const { rows } = await world.system.db.pool.query(
    'SELECT action, before, after FROM audit_log WHERE subject_id = $1 ORDER BY id',
    [webhook.id],
  );
  const kept = { url, types: ['cart.*'], interface_id: null };
  expect(rows).toMatchObject([
    { action: 'webhook.create', before: null, after: { ...kept, active: true } },
    { action: 'webhook.update', before: { active: true }, after: { active: false, description: 'Till' } },
    { action: 'webhook.rotate_secret' },
    { action: 'webhook.rotate_secret' },
    { action: 'webhook.delete', before: { ...kept, active: false }, after: null },
  ]);
  expect(JSON.stringify(rows)).not.toContain('whsec_');
});

test('what cannot be a webhook is refused, field by field', async () => {
  const pointers = async (body: object) => {
    const answer = await as('POST', '/webhooks', body);
    expect(answer.statusCode).toBe(422);
    return answer.json().errors.map(({ pointer }: { pointer: string }) => pointer);
  };
  expect(await pointers({})).toEqual(['/url']);
  expect(await pointers({ url: 'http://shop.example/', types: ['cart.*'] })).toEqual(['/url']);
  expect(await pointers({ url: 'https://10.0.0.1/' })).toEqual(['/url']);
  expect(
    await pointers({ url, types: ['cart.paid', '*', 'Cart.Paid', 'cart.payed', 'carts.*', 'webhook.*'] }),
  ).toEqual([...['/types/1', '/types/2', '/types/3', '/types/4']]);
  expect(await pointers({ url, interface_id: 999_999 })).toEqual(['/interface_id']);
  expect(await pointers({ url, interface_id: world.rival.interfaces.web })).toEqual(['/interface_id']);
  expect(await pointers({ url, secret: 'whsec_mine' })).toEqual(['/secret']);
});
