import { expect } from 'vitest';
import type { ApiWorld, Method } from './api-world.ts';

/** An evening, so many days after the first of 2027. */
export const at = (days: number) => new Date(Date.UTC(2027, 0, 1 + days, 20)).toISOString();

/** What tests of management ask of a world, as its administrator and as a seller. */
export function organiser(world: ApiWorld) {
  const ask = async (method: Method, url: string, body?: object, headers: Record<string, string> = {}) => {
    const answer = await world.call(method, url, { who: 'admin', body, headers });
    return {
      status: answer.statusCode,
      body: answer.body ? answer.json() : undefined,
      headers: answer.headers,
    };
  };
  const seller = async (method: Method, url: string, body?: object) => {
    const answer = await world.call(method, url, { who: 'seller', body });
    return { status: answer.statusCode, body: answer.body ? answer.json() : undefined };
  };
  const draft = async (more: object = {}) => {
    const answer = await ask('POST', '/events', { name: 'Gala', starts_at: at(0), ...more });
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
    return answer.body.event;
  };
  /** A published event of one standing type, in the floor of the world's map. */
  const onSale = async (type: object = {}, more: object = {}) => {
    const event = await draft({ map_ids: [world.map_id], ...more });
    const body = { name: 'Floor', price: 5_000, section_ids: [world.floor], ...type };
    const made = await ask('POST', `/events/${event.id}/ticket_types`, body);
    expect(made.status, JSON.stringify(made.body)).toBe(201);
    const published = await ask('POST', `/events/${event.id}/publish`);
    expect(published.status, JSON.stringify(published.body)).toBe(200);
    return { id: event.id as number, type: made.body.ticket_type.id as number };
  };
  const buy = async (ticket_type_id: number, quantity = 1, pay = true) => {
    const { status, body } = await seller('POST', '/carts', { items: [{ ticket_type_id, quantity }] });
    if (status !== 201) return { status, body };
    if (!pay) return { status, body };
    return seller('POST', `/carts/${body.cart.id}/payments`, { method: 'cash' });
  };
  const auditOf = async (subject_id: number, subject_type = 'event') =>
    (
      await world.system.db.pool.query(
        'SELECT action, before, after FROM audit_log WHERE subject_type = $1 AND subject_id = $2 ORDER BY created_at, id',
        [subject_type, String(subject_id)],
      )
    ).rows;
  const versionOf = async (id: number) =>
    (await world.system.db.pool.query('SELECT version FROM event WHERE id = $1', [id])).rows[0]?.version;
  const toldOf = async (id: number) =>
    (
      await world.system.db.pool.query(
        "SELECT data FROM change WHERE type = 'event.updated' AND event_id = $1 ORDER BY sequence",
        [id],
      )
    ).rows.map(({ data }) => data);
  return { ask, seller, draft, onSale, buy, auditOf, versionOf, toldOf };
}
