import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ReadingWorld, readingWorld } from '../helpers/reading-world.ts';

let world: ReadingWorld;
beforeAll(async () => {
  world = await readingWorld();
});
afterAll(() => world.close());

/** Books sales of one ticket at given times, of an event in a time zone. */
async function booked(time_zone: string, times: readonly string[]): Promise<number> {
  const { event_id } = world.paused;
  await world.sql('UPDATE event SET time_zone = $2 WHERE id = $1', event_id, time_zone);
  for (const at of times)
    await world.sql(
      `INSERT INTO ledger_entry (company_id, id, kind, cart_id, interface_id, event_id, quantity, amount, currency, created_at)
       VALUES ($1, $2, 'sale', $3, $4, $5, 1, 100, 'EUR', $6)`,
      ...[world.company_id, randomUUID(), randomUUID(), world.web, event_id, at],
    );
  return event_id;
}
const report = async (event_id: number) =>
  (await world.get(`/events/${event_id}/report`, 'admin')).body.report;

test('hours and days are those of the place, where hours do not begin when those of UTC do', async () => {
  const event_id = await booked('Asia/Kolkata', [
    '2026-03-01T18:20:00Z', // 23:50 there
    '2026-03-01T18:40:00Z', // 00:10 of the next day
    '2026-03-01T19:10:00Z',
  ]);
  const { days, hours } = await report(event_id);
  expect(days).toEqual([
    { day: '2026-03-01', sold: 1, refunded: 0, refunded_amount: 0, revenue: 100 },
    { day: '2026-03-02', sold: 2, refunded: 0, refunded_amount: 0, revenue: 200 },
  ]);
  expect(hours.map(({ hour, sold }: { hour: string; sold: number }) => [hour, sold])).toEqual([
    ['2026-03-01T17:30:00.000Z', 1],
    ['2026-03-01T18:30:00.000Z', 2],
  ]);
});

test('the hour that a clock goes through twice is two, and its day has 25', async () => {
  const before = (await report(world.paused.event_id)).hours.length;
  const event_id = await booked('Europe/Madrid', [
    '2026-10-24T21:59:59Z', // the last second of Saturday
    '2026-10-25T00:30:00Z', // 02:30 for the first time
    '2026-10-25T01:30:00Z', // 02:30 again
    '2026-10-25T22:59:59Z', // the last second of Sunday
  ]);
  const { days, hours } = await report(event_id);
  const sold = new Map(days.map((row: { day: string; sold: number }) => [row.day, row.sold]));
  expect([sold.get('2026-10-24'), sold.get('2026-10-25')]).toEqual([1, 3]);
  expect(hours.slice(before).map(({ hour }: { hour: string }) => hour)).toEqual([
    ...['2026-10-24T21:00:00.000Z', '2026-10-25T00:00:00.000Z', '2026-10-25T01:00:00.000Z'],
    '2026-10-25T22:00:00.000Z',
  ]);
});

test('a part of a price that goes back is told in money, by type, section, interface, day and hour', async () => {
  const { opera } = world;
  const post = async (url: string, payload: object) => {
    const headers = { authorization: `Bearer ${world.token('seller')}` };
    return (await world.app.inject({ method: 'POST', url, headers, payload })).json();
  };
  const path = `/events/${opera.event_id}/report`;
  const before = (await world.get(path, 'admin')).body.report;
  const seat_ids = [Object.values(opera.seats)[0]];
  const { cart } = await post('/carts', { items: [{ ticket_type_id: opera.seat, seat_ids }] });
  const { payment } = await post(`/carts/${cart.id}/payments`, { method: 'cash' });
  await post(`/carts/${cart.id}/refunds`, { amount: 250, reason: 'late' });
  const after = (await world.get(path, 'admin')).body.report;
  const moved = (pick: (of: typeof after) => Record<string, number>) => {
    const [then, now] = [pick(before), pick(after)] as [Record<string, number>, Record<string, number>];
    return ['sold', 'refunded', 'refunded_amount', 'revenue'].map(
      (field) => (now[field] as number) - (then?.[field] ?? 0),
    );
  };
  const expected = [1, 0, 250, payment.amount - 250];
  expect(moved((of) => of.totals)).toEqual(expected);
  const section_id = cart.sale_details[0].section_id;
  expect(moved((of) => of.sections.find((s: { section_id: number }) => s.section_id === section_id))).toEqual(
    expected,
  );
  const type = ({ ticket_type_id }: { ticket_type_id: number }) => ticket_type_id === opera.seat;
  expect(moved((of) => of.ticket_types.find(type))).toEqual(expected);
  for (const part of ['interfaces', 'days', 'hours'])
    expect(moved((of) => of[part].at(-1))).toEqual(expected);
});
