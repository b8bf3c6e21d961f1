import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiWorld, apiWorld } from '../helpers/api-world.ts';
import { at, organiser } from '../helpers/organiser.ts';

let world: ApiWorld;
let ask: ReturnType<typeof organiser>['ask'],
  onSale: ReturnType<typeof organiser>['onSale'],
  buy: ReturnType<typeof organiser>['buy'];
beforeAll(async () => {
  world = await apiWorld();
  ({ ask, onSale, buy } = organiser(world));
});
afterAll(() => world.close());

describe('POST /events/:event_id/duplicate', () => {
  it('keeps to the clock of the place, on the other side of a change of the clocks', async () => {
    const summer = {
      // 20:00, 19:00, 23:00 and 10:00 in Madrid, two hours ahead of UTC
      ...{ starts_at: '2031-10-11T18:00:00.000Z', doors_at: '2031-10-11T17:00:00.000Z' },
      ...{ ends_at: '2031-10-11T21:00:00.000Z', sales_start: '2031-09-15T08:00:00.000Z' },
      ...{ exchange_until: '2031-10-10T10:00:00.000Z', time_zone: 'Europe/Madrid' },
    };
    const { id, type } = await onSale({ sales_end: '2031-10-11T15:00:00.000Z' }, summer);
    const { pool } = world.system.db;
    await pool.query(
      `INSERT INTO price_phase (company_id, ticket_type_id, name, price, ends_at) VALUES ($1, $2, 'early', 4000, $3)`,
      [world.accounts.company_id, type, '2031-09-30T22:00:00Z'], // midnight
    );
    const starts_at = '2031-11-08T19:00:00.000Z'; // 20:00, an hour ahead
    const copy = (await ask('POST', `/events/${id}/duplicate`, { starts_at })).body.event;
    expect(copy).toMatchObject({
      ...{ starts_at, doors_at: '2031-11-08T18:00:00.000Z', ends_at: '2031-11-08T22:00:00.000Z' },
      sales_start: '2031-10-13T08:00:00.000Z', // 10:00, still two hours ahead
      settings: { exchange_until: '2031-11-07T11:00:00.000Z' },
    });
    const [listed] = (await ask('GET', `/events/${copy.id}/ticket_types`)).body.ticket_types;
    expect(listed.sales_end).toBe('2031-11-08T16:00:00.000Z');
    const phases = await pool.query('SELECT ends_at FROM price_phase WHERE ticket_type_id = $1', [listed.id]);
    expect(phases.rows).toEqual([{ ends_at: new Date('2031-10-28T23:00:00Z') }]); // midnight again
  });

  it('copies everything that hangs on it to another date, unsold', async () => {
    const { id, type } = await onSale(
      { sales_end: at(-1), fee_rate: 500, capacity: 100 },
      {
        ...{ ends_at: at(1), doors_at: at(0), sales_start: at(-100), exchange_until: at(-2) },
        ...{ accessible_until: at(-3), orphan_rule: true },
      },
    );
    const gate = (await ask('POST', `/events/${id}/gates`, { name: 'North', zone: 'A' })).body.gate;
    await ask('PATCH', `/events/${id}/ticket_types/${type}`, { gate_ids: [gate.id] });
    await ask('POST', `/events/${id}/products`, { name: 'Parking', price: 800, capacity: 5 });
    const { pool } = world.system.db;
    const { company_id } = world.accounts;
    await pool.query(
      `INSERT INTO code (company_id, event_id, code, kind, value, ticket_type_ids, used, starts_at)
       VALUES ($1, $2, 'TEN', 'percentage', 1000, $3, 3, $4)`,
      [company_id, id, [type], at(-10)],
    );
    await pool.query(
      `INSERT INTO price_phase (company_id, ticket_type_id, name, price, ends_at) VALUES ($1, $2, 'early', 4000, $3)`,
      [company_id, type, at(-20)],
    );
    const three = { kind: 'multi_buy', ticket_type_ids: [type], take: 3, pay: 2 };
    const family = { kind: 'bundle', parts: [{ ticket_type_id: type, quantity: 4 }], price: 12_000 };
    for (const definition of [three, { ...three, ticket_type_ids: [] }, family])
      await pool.query(
        "INSERT INTO quantity_rule (company_id, event_id, name, definition) VALUES ($1, $2, 'rule', $3)",
        [company_id, id, definition],
      );
    const answer = await ask('POST', `/events/${id}/duplicate`, { starts_at: at(7) });
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
    const copy = answer.body.event;
    expect(copy).toMatchObject({
      ...{
        name: 'Gala',
        status: 'draft',
        starts_at: at(7),
        ends_at: at(8),
        doors_at: at(7),
        sales_start: at(-93),
      },
      settings: {
        ...{ map_ids: [world.map_id], exchange_until: at(5), accessible_until: at(4), orphan_rule: true },
      },
    });
    const gates = (await ask('GET', `/events/${copy.id}/gates`)).body.gates;
    expect(gates).toMatchObject([{ name: 'North', zone: 'A' }]);
    const [listed] = (await ask('GET', `/events/${copy.id}/ticket_types`)).body.ticket_types;
    expect(listed.id).not.toBe(type);
    const one = (await ask('GET', `/events/${copy.id}/ticket_types/${listed.id}`)).body.ticket_type;
    expect(one).toMatchObject({
      ...{ name: 'Floor', price: 5_000, fee_rate: 500, capacity: 100, section_ids: [world.floor] },
      ...{ sales_end: at(6), gate_ids: [gates[0].id] },
    });
    expect((await ask('GET', `/events/${copy.id}/products`)).body.products).toMatchObject([
      { name: 'Parking', remaining: 5 },
    ]);
    const code = await pool.query('SELECT * FROM code WHERE event_id = $1', [copy.id]);
    expect(code.rows).toMatchObject([
      { code: 'TEN', used: 0, held: 0, ticket_type_ids: [listed.id], starts_at: new Date(at(-3)) },
    ]);
    const phases = await pool.query('SELECT * FROM price_phase WHERE ticket_type_id = $1', [listed.id]);
    expect(phases.rows).toMatchObject([{ name: 'early', price: 4_000, ends_at: new Date(at(-13)) }]);
    const rules = await pool.query('SELECT definition FROM quantity_rule WHERE event_id = $1 ORDER BY id', [
      copy.id,
    ]);
    expect(rules.rows.map((row) => row.definition)).toEqual([
      { ...three, ticket_type_ids: [listed.id] },
      { ...three, ticket_type_ids: [] },
      { ...family, parts: [{ ticket_type_id: listed.id, quantity: 4 }] },
    ]);
    expect((await ask('POST', `/events/${copy.id}/publish`)).status).toBe(200);
  });
});

describe('interfaces of an event', () => {
  it('decide where it sells, with windows and an extra fee; those with sales stay', async () => {
    const { id, type } = await onSale();
    const { pos, web } = world.accounts.interfaces;
    const url = `/events/${id}/interfaces`;
    expect((await world.call('GET', `/events/${id}`, { who: 'pos' })).statusCode).toBe(404);
    const put = await ask('PUT', `${url}/${pos}`, { sales_end: at(-1), extra_fee: 150 });
    expect(put.body.event_interface).toEqual({
      ...{ event_id: id, interface_id: pos, sales_start: null, sales_end: at(-1), extra_fee: 150 },
      ...{ created_at: expect.any(String), updated_at: expect.any(String) },
    });
    const seen = (await world.call('GET', `/events/${id}/ticket_types`, { who: 'pos' })).json();
    expect(seen.ticket_types[0]).toMatchObject({ price: 5_000, fee: 150, total: 5_150, sales_end: at(-1) });
    expect(
      (await ask('GET', url)).body.event_interfaces.map((i: { interface_id: number }) => i.interface_id),
    ).toEqual([web, pos].sort((a, b) => a - b));
    await buy(type, 3);
    expect(await ask('DELETE', `${url}/${web}`)).toMatchObject({
      status: 409,
      body: { held: 0, sold: 3, interface_id: web },
    });
    expect((await ask('DELETE', `${url}/${pos}`)).status).toBe(204);
    expect((await ask('DELETE', `${url}/${web}`)).status).toBe(409); // the last one
    expect((await ask('PUT', `${url}/${world.rival.interfaces.web}`, {})).status).toBe(404);
  });
});
