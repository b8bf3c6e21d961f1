import { describe, expect, it } from 'vitest';
import { fitted, widthOf } from '../../../src/services/events/chart.ts';
import type { ReportView } from '../../../src/services/events/report.ts';
import { drawOf } from '../../../src/services/events/report-chart.ts';

const books = { sold: 0, refunded: 0, refunded_amount: 0, revenue: 0 };
const report = (more: Partial<ReportView> = {}): ReportView => ({
  ...{ event_id: 1, interface_id: null, currency: 'EUR', as_of: new Date('2026-11-26T20:00:00Z') },
  totals: {
    ...{ capacity: 0, courtesy: 0, held: 0, blocked: 0, free: 0, fee: 0, tax: 0, discount: 0 },
    ...books,
  },
  ...{ ticket_types: [], sections: [], products: [], interfaces: [], days: [], hours: [] },
  ...more,
});
const draw = (of: ReportView, name = 'Opera') =>
  drawOf({ name, language: 'en', time_zone: 'Europe/Madrid' }, of);
const section = (name: string, i: number) => ({
  ...{ section_id: i, name, kind: 'seated' as const, capacity: 1_000, courtesy: 0, held: 0, blocked: 0 },
  ...{ ...books, free: 1_000 },
});
const type = (name: string, i: number) => ({
  ...{ ticket_type_id: i, name, capacity: 1, courtesy: 0, held: 0, free: 0 },
  ...{ ...books, sold: 12_345, revenue: 20_000_000_000 - i },
});
const WIDE = { name: 24, figure: 26, head: 15, small: 11.5 } as const;

/** Texts of a picture that leave it, or the room that they have. */
function outside(svg: string): string[] {
  const texts = svg.matchAll(/<text x="([\d.]+)" y="[\d.]+"(?: class="([a-z ]+)")?>([^<]*)<\/text>/g);
  return [...texts].flatMap(([, at, kinds = '', content = '']) => {
    const size = kinds.split(' ').map((kind) => WIDE[kind as keyof typeof WIDE])[0] ?? 13;
    const width = widthOf(content, size);
    const x = Number(at);
    const [from, to] = kinds.includes('end')
      ? [x - width, x]
      : kinds.includes('mid')
        ? [x - width / 2, x + width / 2]
        : [x, x + width];
    const room = kinds.includes('figure') ? 180 : 960;
    return from < -0.1 || to > 960.1 || width > room ? [content] : [];
  });
}

describe('the report as a picture', () => {
  it('keeps every text inside, however long names are and large amounts', () => {
    const names = ['W'.repeat(200), '東京ドーム'.repeat(20), 'ticket '.repeat(30)];
    for (const name of names) {
      const of = report({
        totals: { ...report().totals, sold: 1, revenue: 999_999_999_999, refunded_amount: 123_456_789_012 },
        sections: names.map(section),
        ticket_types: names.map(type),
        days: [
          { ...books, day: '2024-01-01', sold: 1 },
          { ...books, day: '2026-12-31', sold: -100_000 },
        ],
      });
      expect(outside(draw(of, name))).toEqual([]);
      expect(outside(draw({ ...of, currency: 'KWD' }, name))).toEqual([]);
    }
    expect(outside('<text x="32" y="42" class="name">'.concat('W'.repeat(200), '</text>'))).toHaveLength(1);
  });

  it('says what is not drawn, and that nothing was sold', () => {
    const svg = draw(
      report({
        sections: Array.from({ length: 60 }, (_, i) => section(`S${i}`, i)),
        ticket_types: Array.from({ length: 20 }, (_, i) => type(`T${i}`, i)),
      }),
    );
    expect(svg).toContain('>and 20 more<');
    expect(svg).toContain('>and 8 more<');
    expect(svg).toContain('>Nothing has been sold yet.<');
    expect(svg).toContain('12,345 sold');
    expect(draw(report({ sections: [section('A', 1)] }))).not.toContain('more<');
  });

  it('shows every hour that was sold in, also where hours begin at half past', () => {
    const days = [{ ...books, day: '2026-03-01', sold: 5 }];
    const hours = [
      { ...books, hour: new Date('2026-03-01T10:30:00Z'), sold: 2 },
      { ...books, hour: new Date('2026-03-01T12:30:00Z'), sold: 3 },
    ];
    const svg = draw(report({ days, hours }));
    const notes = [...svg.matchAll(/<rect class="bar"[^>]*><title>([^<]*)</g)].map(([, note]) => note);
    expect(notes).toEqual([
      expect.stringMatching(/: 2, /),
      expect.stringMatching(/: 0, /),
      expect.stringMatching(/: 3, /),
    ]);
  });
});

it('a text is cut where its room ends, and not before', () => {
  expect(fitted('Stalls', 100)).toBe('Stalls');
  const cut = fitted('A name that is much too long for its place', 100);
  expect(cut.endsWith('…')).toBe(true);
  expect(widthOf(cut)).toBeLessThanOrEqual(100);
  expect(widthOf(cut)).toBeGreaterThan(75);
});
