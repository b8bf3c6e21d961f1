import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiWorld, apiWorld } from '../helpers/api-world.ts';
import { at, organiser } from '../helpers/organiser.ts';

let world: ApiWorld;
let ask: ReturnType<typeof organiser>['ask'],
  seller: ReturnType<typeof organiser>['seller'],
  draft: ReturnType<typeof organiser>['draft'],
  onSale: ReturnType<typeof organiser>['onSale'],
  buy: ReturnType<typeof organiser>['buy'],
  auditOf: ReturnType<typeof organiser>['auditOf'],
  versionOf: ReturnType<typeof organiser>['versionOf'],
  toldOf: ReturnType<typeof organiser>['toldOf'];
beforeAll(async () => {
  world = await apiWorld();
  ({ ask, seller, draft, onSale, buy, auditOf, versionOf, toldOf } = organiser(world));
});
afterAll(() => world.close());

describe('POST /events', () => {
  it('writes a draft with translations and time zone, and says where it is', async () => {
    const body = {
      ...{ name: 'Noche de Ópera', slug: 'opera-night', description: 'Verdi.', currency: 'EUR' },
      translations: { en: { name: 'Opera night', description: 'By Verdi.' } },
      ...{
        starts_at: at(0),
        ends_at: at(1),
        doors_at: '2027-01-01T20:00:00+01:00',
        time_zone: 'America/Lima',
      },
      ...{
        sales_start: at(-30),
        sales_end: at(0),
        holder_change_until: at(-1),
        category_id: world.category_id,
      },
      ...{
        venue_id: world.venue_id,
        image_url: 'https://example.com/a.jpg',
        orphan_rule: false,
        max_per_cart: 6,
      },
      ...{ rotating_codes: true, map_ids: [world.map_id] },
    };
    const answer = await ask('POST', '/events', body);
    const { id } = answer.body.event;
    expect(answer.headers.location).toBe(`/events/${id}`);
    expect(answer.body.event).toEqual({
      ...{ id, name: 'Opera night', description: 'By Verdi.', slug: 'opera-night', status: 'draft' },
      ...{ sales_status: 'scheduled', availability: 'none', remaining: 0, seating: 'mixed', currency: 'EUR' },
      ...{
        starts_at: at(0),
        ends_at: at(1),
        doors_at: '2027-01-01T19:00:00.000Z',
        time_zone: 'America/Lima',
      },
      ...{ sales_start: at(-30), sales_end: at(0), price_range: null, max_per_cart: 6, series_id: null },
      ...{ category_id: world.category_id, venue_id: world.venue_id, image_url: 'https://example.com/a.jpg' },
      ...{ created_at: expect.any(String), updated_at: expect.any(String) },
      settings: {
        ...{ translations: body.translations, orphan_rule: false, rotating_codes: true },
        ...{ holder_change_until: at(-1), exchange_until: null, accessible_until: null },
        map_ids: [world.map_id],
      },
    });
    expect((await world.call('GET', `/events/${id}`, { who: 'seller' })).statusCode).toBe(404);
    expect((await ask('GET', `/events/${id}`)).body).toEqual(answer.body);
    const found = await ask('GET', '/events?status=draft&q=opera%20lima');
    expect(found.body.events).toHaveLength(0); // the venue has no city of that name
    expect((await ask('GET', '/events?status=draft&q=opera%20arena')).body.events).toHaveLength(1);
    expect(await auditOf(id)).toMatchObject([
      { action: 'event.create', before: null, after: { slug: 'opera-night' } },
    ]);
    expect(await toldOf(id)).toEqual([{ event_id: id, status: 'draft' }]);
  });

  it('fills in what is left out: slug, currency and time zone', async () => {
    const [first, second] = [await draft({ name: 'Ñandú & Co' }), await draft({ name: 'Ñandú & Co' })];
    expect(first).toMatchObject({
      slug: 'nandu-co',
      currency: 'EUR',
      time_zone: 'Europe/Madrid',
      seating: 'general',
    });
    expect(second.slug).toBe('nandu-co-2');
    const taken = await ask('POST', '/events', { name: 'X', slug: 'nandu-co', starts_at: at(0) });
    expect(taken).toMatchObject({
      status: 409,
      body: { code: 'conflict', detail: 'Another event has this slug.' },
    });
  });

  it('names every fault at once, and takes nothing of another company', async () => {
    const answer = await ask('POST', '/events', {
      ...{
        name: 'X',
        starts_at: at(0),
        ends_at: at(-1),
        doors_at: at(1),
        sales_start: at(2),
        sales_end: at(1),
      },
      ...{
        category_id: 99_999,
        venue_id: 99_999,
        currency: 'XYZ',
        map_ids: [world.foreign.map_id, world.map_id, world.map_id],
      },
      interfaces: [{ interface_id: world.rival.interfaces.web }],
    });
    expect(answer.status).toBe(422);
    expect(answer.body.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
      ...['/category_id', '/currency', '/doors_at', '/ends_at', '/interfaces', '/interfaces/0/interface_id'],
      ...['/map_ids/0', '/map_ids/2', '/sales_end', '/venue_id'],
    ]);
    for (const time_zone of ['Mars/Olympus', 'CEST+1', '', 'utc/'])
      expect((await ask('POST', '/events', { name: 'X', starts_at: at(0), time_zone })).status).toBe(422);
  });
});

describe('POST /events/series', () => {
  it('writes one draft a date, all of one series', async () => {
    const dates = [0, 7, 14].map((n) => ({ starts_at: at(n), ends_at: at(n + 1), sales_end: at(n) }));
    const answer = await ask('POST', '/events/series', { name: 'Weekly', dates });
    expect(answer.status).toBe(201);
    const { events } = answer.body;
    expect(events.map((e: { slug: string }) => e.slug)).toEqual(['weekly', 'weekly-2', 'weekly-3']);
    expect(events.map((e: { starts_at: string }) => e.starts_at)).toEqual([at(0), at(7), at(14)]);
    expect(new Set(events.map((e: { series_id: number }) => e.series_id)).size).toBe(1);
    expect(events[0].series_id).toEqual(expect.any(Number));
  });

  it('writes none when one date is faulty', async () => {
    const before = await world.stored();
    const dates = [{ starts_at: at(0) }, { starts_at: at(7), ends_at: at(6) }];
    const answer = await ask('POST', '/events/series', { name: 'Weekly', dates });
    expect(answer.body.errors).toEqual([
      { pointer: '/dates/1/ends_at', code: 'invalid', message: 'Must be later than starts_at.' },
    ]);
    expect(await world.stored()).toEqual(before);
  });
});

describe('PATCH /events/:event_id', () => {
  it('sets the rules about seats, exchanges and released places, and takes them back', async () => {
    const { id } = await onSale();
    const rules = { orphan_rule: true, exchange_until: at(-1), accessible_until: at(-2) };
    const set = await ask('PATCH', `/events/${id}`, rules);
    expect(set.body.event.settings).toMatchObject(rules);
    expect((await ask('GET', `/events/${id}`)).body.event.settings).toMatchObject(rules);
    expect((await auditOf(id)).at(-1)).toMatchObject({
      before: { orphan_rule: false, exchange_until: null, accessible_until: null },
      after: { orphan_rule: true },
    });
    expect((await toldOf(id)).at(-1)).toEqual({ event_id: id, changed: Object.keys(rules).toSorted() });
    const none = { orphan_rule: false, exchange_until: null, accessible_until: null };
    expect((await ask('PATCH', `/events/${id}`, none)).body.event.settings).toMatchObject(none);
    const other = await ask('PATCH', `/events/${id}`, { name: 'Gala' });
    expect(other.body.event.settings).toMatchObject(none);
    expect(await ask('PATCH', `/events/${id}`, { accessible_until: 'soon', orphan_rule: 1 })).toMatchObject({
      ...{ status: 422, body: { errors: [{ pointer: '/orphan_rule' }, { pointer: '/accessible_until' }] } },
    });
  });

  it('changes what is given, keeps before and after, and shows at once', async () => {
    const { id } = await onSale();
    const version = await versionOf(id);
    const read = await world.call('GET', `/events/${id}`, { who: 'reader' });
    const answer = await ask('PATCH', `/events/${id}`, {
      name: 'Gran Gala',
      venue_id: world.venue_id,
      ends_at: null,
    });
    expect(answer.body.event).toMatchObject({
      name: 'Gran Gala',
      venue_id: world.venue_id,
      starts_at: at(0),
    });
    expect(await versionOf(id)).toBe(version + 1);
    const shown = await world.call('GET', `/events/${id}`, { who: 'reader' });
    expect(read.json().event.name).toBe('Gala');
    expect(shown.json().event.name).toBe('Gran Gala');
    expect((await auditOf(id)).at(-1)).toMatchObject({
      ...{ action: 'event.update', before: { name: 'Gala', venue_id: null } },
      after: { name: 'Gran Gala', venue_id: world.venue_id },
    });
    expect((await toldOf(id)).at(-1)).toEqual({
      event_id: id,
      changed: ['ends_at', 'name', 'venue_id'].toSorted(),
    });
    const found = await ask('GET', `/events?q=gran%20arena&ids=${id}`);
    expect(found.body.events).toHaveLength(1);
  });

  it('refuses what would break what is sold, with the figures', async () => {
    const { id, type } = await onSale();
    expect(await ask('PATCH', `/events/${id}`, { map_ids: [] })).toMatchObject({
      ...{ status: 409, body: { code: 'conflict', event_status: 'published' } },
    });
    await buy(type, 2);
    await buy(type, 1, false);
    await world.system.db.pool.query(
      "INSERT INTO currency VALUES ('USD', '840', 'Dollar', 2) ON CONFLICT DO NOTHING",
    );
    expect(await ask('PATCH', `/events/${id}`, { currency: 'USD' })).toMatchObject({
      ...{ status: 409, body: { code: 'conflict', held: 1, sold: 2 } },
    });
    expect((await ask('PATCH', `/events/${id}`, { currency: 'EUR', map_ids: [world.map_id] })).status).toBe(
      200,
    );
  });
});

describe('the states of an event', () => {
  it('go from draft over published and paused, and refuse any other step', async () => {
    const event = await draft();
    const step = (name: string) => ask('POST', `/events/${event.id}/${name}`);
    for (const name of ['pause', 'resume'])
      expect(await step(name)).toMatchObject({
        status: 409,
        body: { event_status: 'draft', possible: ['published'] },
      });
    expect(await step('publish')).toMatchObject({ status: 409, body: { missing: ['maps', 'ticket_types'] } });
    await ask('PATCH', `/events/${event.id}`, { map_ids: [world.map_id] });
    const type = (await ask('POST', `/events/${event.id}/ticket_types`, { name: 'A', price: 100 })).body
      .ticket_type;
    expect(await step('publish')).toMatchObject({
      status: 409,
      body: { missing: [], ticket_type_ids: [type.id] },
    });
    await ask('PATCH', `/events/${event.id}/ticket_types/${type.id}`, { section_ids: [world.floor] });
    const published = await step('publish');
    expect(published).toMatchObject({
      status: 200,
      body: { event: { status: 'published', sales_status: 'on_sale' } },
    });
    expect(published.body.event.remaining).toBe(5_000);
    expect(await step('publish')).toMatchObject({ status: 409, body: { event_status: 'published' } });
    expect(await step('resume')).toMatchObject({ status: 409, body: { possible: ['paused', 'cancelled'] } });

    const held = await buy(type.id, 1, false);
    expect(await step('pause')).toMatchObject({ status: 200, body: { event: { sales_status: 'paused' } } });
    expect(await buy(type.id)).toMatchObject({
      status: 409,
      body: { code: 'not_on_sale', event_status: 'paused' },
    });
    const paid = await seller('POST', `/carts/${held.body.cart.id}/payments`, { method: 'cash' });
    expect(paid.status).toBe(201); // what was held can be paid
    expect(await step('resume')).toMatchObject({ status: 200, body: { event: { sales_status: 'on_sale' } } });
    expect((await buy(type.id)).status).toBe(201);
    expect((await auditOf(event.id)).map(({ action }) => action)).toEqual([
      ...['event.create', 'event.update', 'event.publish', 'event.pause', 'event.resume'],
    ]);
  });

  it('stop sales for good: no hold of fifty that race with a pause is committed after it', async () => {
    const { id, type } = await onSale();
    const holds = Array.from({ length: 50 }, () => buy(type, 1, false));
    const paused = await ask('POST', `/events/${id}/pause`);
    const answers = await Promise.all(holds);
    expect(paused.status).toBe(200);
    for (const { status, body } of answers) expect([201, 409], JSON.stringify(body)).toContain(status);
    const { rows } = await world.system.db.pool.query(
      `SELECT count(*)::int AS late FROM sale_detail l JOIN event e ON e.id = l.event_id
       WHERE l.event_id = $1 AND l.xmin::text::bigint > e.xmin::text::bigint`,
      [id],
    );
    expect(rows[0].late).toBe(0);
  });

  it('delete a draft only, and only an unsold one', async () => {
    const event = await draft({ map_ids: [world.map_id] });
    await ask('POST', `/events/${event.id}/gates`, { name: 'North' });
    await ask('POST', `/events/${event.id}/ticket_types`, { name: 'A', price: 1 });
    expect((await ask('DELETE', `/events/${event.id}`)).status).toBe(204);
    expect((await ask('GET', `/events/${event.id}`)).status).toBe(404);
    expect((await auditOf(event.id)).at(-1)).toMatchObject({ action: 'event.delete', after: null });
    const { id } = await onSale();
    expect(await ask('DELETE', `/events/${id}`)).toMatchObject({
      status: 409,
      body: { event_status: 'published' },
    });
  });
});
