import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorker } from '../../src/jobs/worker.ts';
import { type ApiWorld, apiWorld, type Call, type Method, type Who } from '../helpers/api-world.ts';

// Codes as their organiser makes, counts, changes and takes them away; what they do for buyers is in services/carts.

let world: ApiWorld;
let codes: string;
beforeAll(async () => {
  world = await apiWorld();
  codes = `/events/${world.event_id}/codes`;
});
afterAll(() => world.close());

const ask = async (method: Method, url: string, body?: unknown, more: Call = {}) => {
  const answer = await world.call(method, url, { who: 'admin', body, ...more });
  const json = /json/.test(String(answer.headers['content-type']));
  return { status: answer.statusCode, headers: answer.headers, body: json ? answer.json() : answer.body };
};
let counter = 0;
const fresh = async (more: object = {}) => {
  const body = { code: `NEW${++counter}`, kind: 'percentage', value: 1_000, ...more };
  const answer = await ask('POST', codes, body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body.code as { id: number; code: string; updated_at: string };
};
const cartWith = async (code: string, quantity = 1, who: Who = 'buyer') => {
  const items = [{ ticket_type_id: world.standing, quantity }];
  const opened = await ask('POST', '/carts', { items }, { who });
  const applied = await ask('POST', `/carts/${opened.body.cart.id}/codes`, { code }, { who });
  expect(applied.status, JSON.stringify(applied.body)).toBe(201);
  return applied.body.cart as { id: string; sale_details: { id: string }[] };
};
const pay = async (cart_id: string) =>
  expect(
    (await ask('POST', `/carts/${cart_id}/payments`, { method: 'cash' }, { who: 'seller' })).status,
  ).toBe(201);
const usesOf = async ({ code }: { code: string }) => {
  const { body } = await ask('GET', `${codes}?q=${code}`);
  const found = body.codes.find((each: { code: string }) => each.code === code);
  return [found.held, found.used];
};
const audits = async (id: number) =>
  (
    await world.system.db.pool.query(
      "SELECT action, before, after FROM audit_log WHERE subject_type = 'code' AND subject_id = $1 ORDER BY id",
      [String(id)],
    )
  ).rows;

describe('a code', () => {
  it('is changed in part, with what it was and is in the audit log', async () => {
    const { id } = await fresh({ label: 'press', max_uses: 5 });
    const changed = await ask('PATCH', `${codes}/${id}`, { value: 500, max_uses: null });
    expect(changed.body.code).toMatchObject({ value: 500, max_uses: null, label: 'press', stackable: false });
    expect(await audits(id)).toMatchObject([
      { action: 'code.create', before: null },
      { action: 'code.update', before: { value: 1_000, max_uses: 5 }, after: { value: 500, max_uses: null } },
    ]);
    expect(await ask('PATCH', `${codes}/${id}`, { value: 10_001 })).toMatchObject({
      ...{ status: 422, body: { errors: [{ pointer: '/value' }] } },
    });
    const window = { starts_at: '2030-01-02T00:00:00Z', ends_at: '2030-01-01T00:00:00Z' };
    expect((await ask('PATCH', `${codes}/${id}`, window)).status).toBe(422);
    expect((await ask('PATCH', `${codes}/${id}`, { kind: 'fixed' })).body.code).toBe('unknown_field');
  });

  it('changes only as it was read', async () => {
    const { id, updated_at } = await fresh();
    const stale = { headers: { 'if-match': '"other"' } };
    for (const method of ['PATCH', 'DELETE'] as const)
      expect(
        (await ask(method, `${codes}/${id}`, method === 'PATCH' ? { value: 1 } : undefined, stale)).status,
      ).toBe(412);
    const still = (await ask('GET', `${codes}?q=NEW${counter}`)).body.codes[0];
    expect(still).toMatchObject({ value: 1_000, updated_at });
  });

  it('keeps the uses that it has: a limit below them is refused, and so is its end', async () => {
    const made = await fresh({ max_uses: 5 });
    await pay((await cartWith(made.code)).id);
    await cartWith(made.code);
    expect(await usesOf(made)).toEqual([1, 1]);
    const lower = await ask('PATCH', `${codes}/${made.id}`, { max_uses: 1 });
    expect(lower).toMatchObject({ status: 409, body: { code: 'conflict', held: 1, used: 1 } });
    expect((await ask('PATCH', `${codes}/${made.id}`, { max_uses: 2 })).status).toBe(200);
    const gone = await ask('DELETE', `${codes}/${made.id}`);
    expect(gone).toMatchObject({ status: 409, body: { code: 'conflict', held: 1, used: 1 } });
    expect((await ask('PATCH', `${codes}/${made.id}`, { active: false })).status).toBe(200);
    const cart = (await ask('POST', '/carts', {}, { who: 'buyer' })).body.cart;
    const off = await ask('POST', `/carts/${cart.id}/codes`, { code: made.code }, { who: 'buyer' });
    expect(off).toMatchObject({ status: 409, body: { code: 'code_not_applicable', reason: 'not_valid' } });
  });

  it('goes while nobody has used it, and not while an allotment is for it', async () => {
    const { id } = await fresh();
    expect((await ask('DELETE', `${codes}/${id}`)).status).toBe(204);
    expect((await ask('DELETE', `${codes}/${id}`)).status).toBe(404);
    expect((await audits(id)).at(-1)).toMatchObject({ action: 'code.delete', after: null });
    const kept = await fresh({ kind: 'access', value: 0 });
    const block = { kind: 'allotment', name: 'Fans', section_id: world.floor, quantity: 1, code_id: kept.id };
    expect((await ask('POST', `/events/${world.event_id}/blocks`, block)).status).toBe(201);
    expect((await ask('DELETE', `${codes}/${kept.id}`)).body.code).toBe('conflict');
  });

  it('differs from every other of its event by more than case', async () => {
    const { code } = await fresh();
    const again = await ask('POST', codes, { code: code.toLowerCase(), kind: 'access' });
    expect(again).toMatchObject({ status: 409, body: { code: 'conflict' } });
    const tries = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        ask('POST', codes, { code: i % 2 ? 'Rush' : 'RUSH', kind: 'access' }),
      ),
    );
    expect(tries.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(tries.filter(({ status }) => status === 409)).toHaveLength(49);
  });
});

describe('the use of a code', () => {
  it('comes back when its cart is cancelled or expires', async () => {
    const made = await fresh({ max_uses: 1 });
    const first = await cartWith(made.code);
    expect(await usesOf(made)).toEqual([1, 0]);
    expect((await ask('DELETE', `/carts/${first.id}`, undefined, { who: 'buyer' })).status).toBe(204);
    expect(await usesOf(made)).toEqual([0, 0]);
    const second = await cartWith(made.code);
    await world.system.db.pool.query("UPDATE cart SET expires_at = now() - interval '1 s' WHERE id = $1", [
      second.id,
    ]);
    await cartWith(made.code); // swept or not
    expect(await usesOf(made)).toEqual([1, 0]);
  });

  it('comes back when all is refunded, and not for a part or a ticket made void', async () => {
    const made = await fresh();
    const cart = await cartWith(made.code, 2);
    await pay(cart.id);
    const refund = (body: object) =>
      ask('POST', `/carts/${cart.id}/refunds`, { reason: 'rain', ...body }, { who: 'seller' });
    const [one] = cart.sale_details;
    expect((await refund({ sale_detail_ids: [one?.id] })).status).toBe(201);
    expect(await usesOf(made)).toEqual([0, 1]);
    const { body } = await ask('GET', `/carts/${cart.id}/tickets`, undefined, { who: 'seller' });
    const valid = body.tickets.find((ticket: { status: string }) => ticket.status === 'valid');
    const voided = await ask('POST', `/tickets/${valid.id}/void`, { reason: 'lost' }, { who: 'seller' });
    expect(voided.status, JSON.stringify(voided.body)).toBe(200);
    expect(await usesOf(made)).toEqual([0, 1]);
    expect((await refund({})).status).toBe(201);
    expect(await usesOf(made)).toEqual([0, 0]);
  });
});

describe('many codes that were thought of', () => {
  const row = (more: object = {}) => ({ code: `ROW${++counter}`, kind: 'fixed', value: 100, ...more });
  const bulk = (mode: string, rows: unknown[]) => ask('POST', `${codes}/bulk`, { mode, codes: rows });
  const count = async () =>
    (await world.system.db.pool.query('SELECT count(*)::int AS n FROM code')).rows[0].n;

  it('are made together or not at all, every fault named', async () => {
    const before = await count();
    const good = await bulk('atomic', [row({ label: 'a' }), row({ label: 'b' })]);
    expect(good.status).toBe(201);
    expect(good.body.results).toMatchObject([
      { index: 0, status: 'ok', error: null, code: { label: 'a', held: 0, used: 0 } },
      { index: 1, status: 'ok', error: null, code: { label: 'b' } },
    ]);
    expect((await audits(good.body.results[1].code.id)).map(({ action }) => action)).toEqual(['code.create']);
    const bad = await bulk('atomic', [
      row(),
      row({ value: 0 }),
      row({ kind: 'percentage', value: 10_001, typo: 1 }),
    ]);
    expect(bad.status).toBe(422);
    const pointers = bad.body.errors.map(({ pointer }: { pointer: string }) => pointer);
    expect(pointers).toEqual(expect.arrayContaining(['/codes/1/value', '/codes/2/typo']));
    const twin = row();
    const twice = await bulk('atomic', [twin, { ...twin, code: twin.code.toLowerCase() }]);
    expect(twice).toMatchObject({
      status: 409,
      body: { code: 'conflict', errors: [{ pointer: '/codes/1' }] },
    });
    expect(await count()).toBe(before + 2);
  });

  it('are made each by itself, and each says what became of it', async () => {
    const before = await count();
    const twin = row();
    const { status, body } = await bulk('each', [twin, twin, row({ ticket_type_ids: [999_999] }), row()]);
    expect(status).toBe(200);
    expect(body.results).toMatchObject([
      { index: 0, status: 'ok', code: { code: twin.code } },
      { index: 1, status: 'error', code: null, error: { code: 'conflict' } },
      {
        ...{ index: 2, status: 'error', code: null },
        error: { code: 'validation_failed', errors: [{ pointer: '/codes/2/ticket_type_ids/0' }] },
      },
      { index: 3, status: 'ok' },
    ]);
    expect(await count()).toBe(before + 2);
    expect((await ask('POST', `${codes}/bulk`, { codes: [] })).status).toBe(422);
    expect((await bulk('all', [row()])).status).toBe(422);
  });
});

describe('100,000 codes', () => {
  const COUNT = 100_000;

  it('are made by a job with progress, each once, none guessable, and all of them are in the table', async () => {
    const body = {
      count: COUNT,
      pattern: 'FLY-##########',
      label: 'leaflet',
      kind: 'percentage',
      value: 500,
      max_uses: 1,
    };
    const begun = await ask('POST', `${codes}/batches`, body);
    expect(begun.status).toBe(202);
    expect(begun.body.job).toMatchObject({ status: 'queued', progress: { done: 0, total: COUNT } });
    const url = begun.headers.location as string;
    const worker = await startWorker(world.system);
    const seen: number[] = [];
    let job = begun.body.job;
    try {
      while (job.status === 'queued' || job.status === 'running') {
        await new Promise((done) => setTimeout(done, 100));
        job = (await ask('GET', url)).body.job;
        seen.push(job.progress.done);
      }
    } finally {
      await worker.stop();
    }
    expect(job).toMatchObject({ status: 'succeeded', progress: { done: COUNT, total: COUNT } });
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(new Set(seen).size).toBeGreaterThan(3);
    const result = await ask('GET', `${url}/result`);
    expect(result.body.codes).toEqual({ event_id: world.event_id, label: 'leaflet', count: COUNT });

    const csv = await world.call('GET', `${codes}.csv?label=leaflet`, { who: 'admin' });
    expect(csv.headers['content-type']).toContain('text/csv');
    const rows = parse(csv.body, { columns: true }) as Record<string, string>[];
    expect(rows).toHaveLength(COUNT);
    expect(new Set(rows.map((each) => each.code)).size).toBe(COUNT);
    expect(new Set(rows.map((each) => each.id)).size).toBe(COUNT);
    for (const each of rows)
      if (!/^FLY-[0-9A-HJKMNP-TV-Z]{10}$/.test(each.code as string)) throw new Error(each.code);
    expect(rows[0]).toMatchObject({
      label: 'leaflet',
      kind: 'percentage',
      value: '500',
      max_uses: '1',
      used: '0',
    });
    expect((await ask('GET', `${codes}?label=leaflet`)).headers['x-total']).toBe(String(COUNT));
    expect((await cartWith(rows.at(-1)?.code as string)).id).toBeTruthy();
  }, 120_000);

  it('are refused when somebody could guess one, or a type is another event’s', async () => {
    const body = { count: COUNT, pattern: 'A####', kind: 'access' };
    expect(await ask('POST', `${codes}/batches`, body)).toMatchObject({
      ...{ status: 422, body: { errors: [{ pointer: '/pattern' }] } },
    });
    const other = { count: 10, kind: 'access', ticket_type_ids: [999_999] };
    expect((await ask('POST', `${codes}/batches`, other)).body.errors[0].pointer).toBe('/ticket_type_ids/0');
  });
});
