import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiWorld, apiWorld, type Method, type Who } from '../helpers/api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await apiWorld();
});
afterAll(() => world.close());

const call = async (method: Method, url: string, body?: object, who: Who = 'admin', headers = {}) => {
  const answer = await world.call(method, url, { who, body, headers });
  return {
    status: answer.statusCode,
    body: answer.body ? answer.json() : undefined,
    headers: answer.headers,
  };
};
const made = async (url: string, body: object) => {
  const answer = await call('POST', url, body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body;
};
const pointersOf = (answer: { body: { errors: { pointer: string }[] } }) =>
  answer.body.errors.map(({ pointer }) => pointer).sort();
const INSTANT = expect.stringMatching(/^\d{4}-.*Z$/);

const season = () => ({ name: 'Season', kind: 'season', event_ids: [world.event_id] });
const monthly = { name: 'Monthly', price: 3_900, currency: 'EUR', interval: 'month' };

describe('a plan', () => {
  it('is made, read in the language of the reader, changed and deleted, and the audit log has all of it', async () => {
    const body = {
      ...{ ...season(), description: 'All of it', ends_at: '2036-06-30T22:00:00.000Z' },
      translations: { es: { name: 'Temporada' } },
      benefits: [{ kind: 'ticket_types', ids: [world.seated] }],
    };
    const { plan } = await made('/plans', body);
    const { translations: _, ...told } = body;
    const whole = { ...told, id: plan.id, active: true, created_at: INSTANT, updated_at: INSTANT };
    expect(plan).toEqual(whole);
    expect((await call('GET', `/plans/${plan.id}`, undefined, 'reader')).body).toEqual({ plan: whole });
    const spanish = await call('GET', `/plans/${plan.id}`, undefined, 'reader', { 'accept-language': 'es' });
    expect(spanish.body.plan).toMatchObject({ name: 'Temporada', description: 'All of it' });

    const changed = await call('PATCH', `/plans/${plan.id}`, { ends_at: null });
    expect(changed.body.plan).toMatchObject({ ends_at: null, name: 'Season', benefits: body.benefits });
    expect((await call('DELETE', `/plans/${plan.id}`)).status).toBe(204);
    expect((await call('GET', `/plans/${plan.id}`)).status).toBe(404);
    const { rows } = await world.system.db.pool.query(
      `SELECT action, before->>'ends_at' AS before, after->>'ends_at' AS after FROM audit_log
       WHERE subject_type = 'plan' AND subject_id = $1 ORDER BY id`,
      [String(plan.id)],
    );
    expect(rows).toEqual([
      { action: 'plan.create', before: null, after: body.ends_at },
      { action: 'plan.update', before: body.ends_at, after: null },
      { action: 'plan.delete', before: null, after: null },
    ]);
  });

  it('refers to what there is in the company alone', async () => {
    const faulty = {
      ...{ name: 'Odd', kind: 'season', event_ids: [world.event_id, world.foreign.event_id, world.event_id] },
      benefits: [{ kind: 'ticket_types', ids: [world.seated, world.foreign.ticket_type_ids[0]] }],
    };
    const refused = await call('POST', '/plans', faulty);
    expect(refused.status).toBe(422);
    expect(pointersOf(refused)).toEqual(['/benefits/0/ids/1', '/event_ids/1', '/event_ids/2']);
    expect(pointersOf(await call('POST', '/plans', { name: 'None', kind: 'season' }))).toEqual([
      '/event_ids',
    ]);
  });

  it('that is not active is seen by management alone', async () => {
    const { plan } = await made('/plans', { name: 'Quiet', kind: 'membership', active: false });
    expect((await call('GET', `/plans/${plan.id}`, undefined, 'reader')).status).toBe(404);
    const names = async (who: Who) =>
      (await call('GET', '/plans', undefined, who)).body.plans.map(({ name }: { name: string }) => name);
    expect(await names('admin')).toContain('Quiet');
    expect(await names('reader')).not.toContain('Quiet');
  });
});

describe('a plan setting', () => {
  it('says what it costs and whether it is sold, and to sellers how many are left', async () => {
    const { plan } = await made('/plans', { name: 'Friends', kind: 'membership' });
    const url = `/plans/${plan.id}/plan_settings`;
    const body = { ...monthly, tax_rate: 2_100, capacity: 50, sales_end: '2036-01-01T00:00:00.000Z' };
    const { plan_setting } = await made(url, body);
    const whole = {
      ...{ ...body, id: plan_setting.id, plan_id: plan.id, tax: 677, tax_inclusive: true, total: 3_900 },
      ...{ section_ids: [], seat_choice: false, minimum_terms: 1, holders: 1, grace_days: 7 },
      ...{ sales_start: null, sales_status: 'on_sale', active: true, renews_setting_id: null },
      ...{ renewal_deadline: null, created_at: INSTANT, updated_at: INSTANT, remaining: 50 },
    };
    expect(plan_setting).toEqual(whole);
    const { capacity: _, remaining: __, ...told } = whole;
    const read = await call('GET', `${url}/${plan_setting.id}`, undefined, 'reader');
    expect(read.body).toEqual({ plan_setting: told });
    const later = await call('PATCH', `${url}/${plan_setting.id}`, {
      sales_start: '2035-01-01T00:00:00.000Z',
    });
    expect(later.body.plan_setting.sales_status).toBe('scheduled');
  });

  it('fits its plan: every fault is named at once', async () => {
    const membership = (await made('/plans', { name: 'Friends', kind: 'membership' })).plan.id;
    const wrong = {
      ...monthly,
      interval: 'season',
      currency: 'XXX',
      section_ids: [world.floor],
      seat_choice: true,
    };
    expect(pointersOf(await call('POST', `/plans/${membership}/plan_settings`, wrong))).toEqual([
      ...['/currency', '/interval', '/seat_choice', '/section_ids'],
    ]);
    const { id } = (await made('/plans', season())).plan;
    const seat = { ...monthly, interval: 'season' };
    const faultsOf = async (more: object) =>
      pointersOf(await call('POST', `/plans/${id}/plan_settings`, { ...seat, ...more }));
    expect(await faultsOf({})).toEqual(['/section_ids']);
    expect(await faultsOf({ seat_choice: true, holders: 2 })).toEqual(['/holders']);
    expect(await faultsOf({ section_ids: [world.stalls] })).toEqual(['/section_ids/0']);
    expect(await faultsOf({ section_ids: [world.elsewhere.section_ids[0]] })).toEqual(['/section_ids/0']);
    expect(await faultsOf({ section_ids: [world.floor], renews_setting_id: 1 })).toEqual([
      '/renewal_deadline',
    ]);
    await made(`/plans/${id}/plan_settings`, { ...seat, section_ids: [world.floor], holders: 2 });
    await made(`/plans/${id}/plan_settings`, { ...seat, section_ids: [world.stalls], seat_choice: true });
  });

  it('that somebody subscribed to keeps its interval, stays, and has no fewer places than are taken', async () => {
    const { plan } = await made('/plans', { name: 'Small', kind: 'membership' });
    const url = `/plans/${plan.id}/plan_settings`;
    const { plan_setting } = await made(url, { ...monthly, capacity: 2 });
    for (const who of ['john', 'mary'] as const) {
      const answer = await call('POST', '/subscriptions', { plan_setting_id: plan_setting.id }, who);
      expect(answer.status).toBe(201);
    }
    const full = await call('POST', '/subscriptions', { plan_setting_id: plan_setting.id }, 'john');
    expect(full.body).toMatchObject({ code: 'sold_out', available: 0, plan_setting_id: plan_setting.id });
    const own = `${url}/${plan_setting.id}`;
    expect((await call('PATCH', own, { capacity: 1 })).body).toMatchObject({
      code: 'conflict',
      held: 2,
      sold: 0,
    });
    expect((await call('PATCH', own, { interval: 'year' })).body).toMatchObject({ fields: ['interval'] });
    expect((await call('PATCH', own, { price: 4_900, capacity: 2 })).status).toBe(200);
    expect((await call('DELETE', own)).body.code).toBe('conflict');
    expect((await call('DELETE', `/plans/${plan.id}`)).body.code).toBe('conflict');
  });

  it('is not sold outside its time, nor while it or its plan rests', async () => {
    const { plan } = await made('/plans', { name: 'Timed', kind: 'membership' });
    const url = `/plans/${plan.id}/plan_settings`;
    const { id } = (await made(url, monthly)).plan_setting;
    const codeOf = async () =>
      (await call('POST', '/subscriptions', { plan_setting_id: id }, 'john')).body.code;
    for (const [when, then] of [
      [{ sales_start: '2035-01-01T00:00:00.000Z' }, { sales_start: null }],
      [{ sales_end: '2025-01-01T00:00:00.000Z' }, { sales_end: null }],
      [{ active: false }, { active: true }],
    ] as const) {
      await call('PATCH', `${url}/${id}`, when);
      expect(await codeOf()).toBe('not_on_sale');
      await call('PATCH', `${url}/${id}`, then);
    }
    await call('PATCH', `/plans/${plan.id}`, { active: false });
    expect(await codeOf()).toBe('not_on_sale');
  });
});
