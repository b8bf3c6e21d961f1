import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { countStock } from '../../src/services/events/stock.ts';
import { type ReadingWorld, readingWorld } from '../helpers/reading-world.ts';

let world: ReadingWorld;
beforeAll(async () => {
  world = await readingWorld();
});
afterAll(() => world.close());

const post = async (url: string, payload: object) => {
  const headers = { authorization: `Bearer ${world.token('seller')}` };
  const answer = await world.app.inject({ method: 'POST', url, headers, payload });
  expect(answer.statusCode, answer.body).toBeLessThan(300);
  return answer.json();
};
const path = (suffix = '') => `/events/${world.opera.event_id}/report${suffix}`;
const report = async (query = '') => (await world.get(path(query), 'admin')).body.report;

interface Sold {
  cart_id: string;
  lines: { id: string; section_id: number; total: number; ticket: boolean; refunded: boolean }[];
}
interface Instant {
  at: string;
  live: Awaited<ReturnType<typeof report>>;
  model: {
    sold: number;
    refunded: number;
    refunded_amount: number;
    revenue: number;
    sections: Record<number, number>;
  };
  stock: Record<number, number>;
}

test('at every instant of random sales and refunds report, model and stock say the same, then and afterwards', async () => {
  const { opera } = world;
  const sold: Sold[] = [];
  const instants: Instant[] = [];
  const seats = Object.values(opera.seats) as number[];
  const free = () => seats.filter((id) => !taken.has(id));
  const taken = new Map<number, string>();

  const sell = async (seat: number, standing: number, programmes: number) => {
    const left = free();
    const items = [
      ...(left.length ? [{ ticket_type_id: opera.seat, seat_ids: [left[seat % left.length]], _: 0 }] : []),
      ...(standing ? [{ ticket_type_id: opera.gallery, quantity: standing }] : []),
      ...(programmes ? [{ product_id: opera.programme, quantity: programmes }] : []),
    ].map(({ _, ...item }: Record<string, unknown>) => item);
    if (!items.length) return;
    const headers = { authorization: `Bearer ${world.token('seller')}` };
    const opened = await world.app.inject({ method: 'POST', url: '/carts', headers, payload: { items } });
    if (opened.statusCode === 409) return; // a rule of the hall: nothing is sold, and nothing may be counted
    const { cart } = opened.json();
    await post(`/carts/${cart.id}/payments`, { method: 'cash' });
    const lines = cart.sale_details.map((line: Record<string, never>) => ({
      ...{ id: line.id, section_id: line.section_id, total: line.total, refunded: false },
      ticket: line.kind === 'ticket',
    }));
    for (const line of cart.sale_details) if (line.seat) taken.set(line.seat.id, line.id);
    sold.push({ cart_id: cart.id, lines });
  };
  const refund = async (n: number, whole: boolean) => {
    const open = sold.filter(({ lines }) => lines.some((line) => !line.refunded));
    const sale = open[n % Math.max(1, open.length)];
    if (!sale) return;
    const lines = sale.lines.filter((line) => !line.refunded).slice(0, whole ? 99 : 1);
    await post(`/carts/${sale.cart_id}/refunds`, {
      sale_detail_ids: lines.map(({ id }) => id),
      reason: 'ill',
    });
    for (const line of lines) {
      line.refunded = true;
      for (const [seat, id] of taken) if (id === line.id) taken.delete(seat);
    }
  };
  const note = async () => {
    await sleep(3); // the ledger counts in milliseconds
    const live = await report();
    const lines = sold.flatMap((sale) => sale.lines);
    const kept = lines.filter((line) => !line.refunded);
    const bySection = (id: number) => kept.filter((line) => line.section_id === id).length;
    const stock = (await countStock(world.system.db, world.company_id, [opera.event_id])).get(opera.event_id);
    const sections = [...(stock?.sections.values() ?? [])];
    instants.push({
      ...{ at: live.as_of, live },
      model: {
        sold: kept.filter((line) => line.ticket).length,
        refunded: lines.filter((line) => line.refunded && line.ticket).length,
        refunded_amount: lines.reduce((n, line) => n + (line.refunded ? line.total : 0), 0),
        revenue: kept.reduce((n, line) => n + line.total, 0),
        sections: Object.fromEntries(sections.map(({ id }) => [id, bySection(id)])),
      },
      stock: Object.fromEntries(sections.map(({ id, sold }) => [id, sold])),
    });
    await sleep(3);
  };

  await note();
  const steps = fc.sample(
    fc.oneof(
      fc.record({ seat: fc.nat(), standing: fc.nat(2), programmes: fc.nat(1) }),
      fc.record({ refund: fc.nat(), whole: fc.boolean() }),
    ),
    { numRuns: 24, seed: 7 },
  );
  for (const step of steps) {
    if ('refund' in step) await refund(step.refund, step.whole);
    else await sell(step.seat, step.standing, step.programmes);
    await note();
  }
  expect(sold.length).toBeGreaterThan(5);
  expect(instants.at(-1)?.model.refunded).toBeGreaterThan(1);

  for (const { at, live, model, stock } of instants) {
    const then = await report(`?as_of=${at}`);
    expect(then.as_of).toBe(at);
    for (const each of [live, then]) {
      const { sold, revenue, refunded_amount } = model;
      expect(each.totals).toMatchObject({ sold, revenue, refunded_amount });
      const places = each.sections.map((s: { section_id: number; sold: number }) => [s.section_id, s.sold]);
      expect(Object.fromEntries(places)).toEqual(model.sections);
      expect(Object.fromEntries(places)).toEqual(stock);
      const types: { sold: number; refunded: number }[] = each.ticket_types;
      expect(types.reduce((n, type) => n + type.sold, 0)).toBe(model.sold);
      expect(types.reduce((n, type) => n + type.refunded, 0)).toBe(model.refunded);
      for (const part of ['interfaces', 'days', 'hours'] as const) {
        const rows: { refunded: number; refunded_amount: number; revenue: number }[] = each[part];
        expect(rows.reduce((n, row) => n + row.refunded_amount, 0)).toBe(refunded_amount);
        expect(rows.reduce((n, row) => n + row.revenue, 0)).toBe(model.revenue);
        expect(rows.reduce((n, row) => n + row.refunded, 0)).toBe(each.totals.refunded);
      }
    }
    // Afterwards the ledger says what was said then, but for what no ledger keeps.
    const { capacity, sold, refunded, refunded_amount, revenue, discount, fee, tax } = live.totals;
    expect(then.totals).toEqual({
      ...{
        capacity,
        sold,
        refunded,
        refunded_amount,
        revenue,
        discount,
        fee,
        tax,
        courtesy: 0,
        held: null,
        blocked: null,
        free: null,
      },
    });
    expect({ days: then.days, hours: then.hours, interfaces: then.interfaces }).toEqual({
      ...{ days: live.days, hours: live.hours, interfaces: live.interfaces },
    });
  }
}, 60_000);

test('sell sees its own interface', async () => {
  expect((await report()).interfaces).toMatchObject([{ interface_id: world.web, name: 'web' }]);
});

test('a time that is yet to come or none is refused', async () => {
  for (const suffix of ['', '.csv', '.svg']) {
    const later = await world.get(path(`${suffix}?as_of=2999-01-01T00:00:00Z`), 'admin');
    expect([later.status, later.body.errors[0].pointer]).toEqual([422, '/query/as_of']);
    expect((await world.get(path(`${suffix}?as_of=yesterday`), 'admin')).status).toBe(422);
    expect((await world.get(path(suffix), 'reader')).status).toBe(403);
    expect((await world.get(path(suffix), 'pos')).status).toBe(403);
    expect((await world.get(`/events/${world.elsewhere.event_id}/report${suffix}`, 'admin')).status).toBe(
      404,
    );
  }
});

test('the report as CSV says what the report says', async () => {
  const now = await report();
  const csv = await world.get(path('.csv'), 'admin');
  expect(csv.headers['content-type']).toBe('text/csv; charset=utf-8');
  const rows: Record<string, string>[] = parse(csv.text, { columns: true });
  const of = (part: string) => rows.filter((row) => row.part === part);
  expect(of('event')).toMatchObject([
    { sold: String(now.totals.sold), revenue: String(now.totals.revenue), currency: 'EUR' },
  ]);
  for (const [part, list] of [
    ['ticket_type', now.ticket_types],
    ['section', now.sections],
    ['product', now.products],
    ['interface', now.interfaces],
    ['day', now.days],
    ['hour', now.hours],
  ] as const)
    expect(of(part).map(({ sold, revenue }) => [Number(sold), Number(revenue)])).toEqual(
      list.map(({ sold, revenue }: { sold: number; revenue: number }) => [sold, revenue]),
    );
  expect(of('section')[0]?.name).toBe('Stalls <left>');
});

test('the report drawn is a whole picture, in light and dark, with names as text', async () => {
  const svg = await world.get(path('.svg'), 'admin');
  expect(svg.headers['content-type']).toBe('image/svg+xml; charset=utf-8');
  expect(svg.text).toMatch(/^<svg xmlns=[^>]+role="img"/);
  expect(svg.text).toContain('prefers-color-scheme: dark');
  expect(svg.text).toContain('Stalls &lt;left&gt;');
  expect(svg.text).not.toContain('Stalls <left>');
  expect(svg.text).not.toMatch(/NaN|undefined|Infinity|null/);
  const open = [...svg.text.matchAll(/<(svg|g|text|rect|title|style)\b[^>]*(?<!\/)>/g)].length;
  expect([...svg.text.matchAll(/<\/(svg|g|text|rect|title|style)>/g)]).toHaveLength(open);
  const sections = (await report()).sections as { name: string; sold: number; capacity: number }[];
  for (const { sold, capacity } of sections) expect(svg.text).toContain(`${sold} of ${capacity} ·`);
  const empty = await world.get(`/events/${world.paused.event_id}/report.svg`, 'admin');
  expect(empty.status).toBe(200);
  expect(empty.text).not.toMatch(/NaN|undefined|Infinity|null/);
  const then = await world.get(path('.svg?as_of=2020-01-01T00:00:00Z'), 'admin');
  expect(then.text).toContain('not in the ledger');
});
