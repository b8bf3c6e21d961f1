import type { Context, SalesChannel } from '../../context.ts';
import { type Database, statement } from '../../db/client.ts';
import { fieldError, type Language } from '../../errors.ts';
import { escapeXml } from '../../text/escape.ts';
import { loadEvent, translated } from '../events/row.ts';
import { countScans, MAX_SPAN_MS, type Summary } from './summary.ts';

const WIDTH = 960;
const LEFT = 56;
const RIGHT = 56;
const TOP = 128;
/** Of the bars above their line, and below it. */
const UP = 200;
const DOWN = 70;
const GATE_ROW = 30;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** Minutes that a bar may stand for: the first that makes no more than MOST_BARS. */
const STEPS = [1, 2, 5, 10, 15, 30] as const;
const MOST_BARS = 72;
/** Minutes between the times that are written below. */
const LABEL_STEPS = [5, 10, 15, 30, 60, 120] as const;

const WORDS: Record<
  Language,
  Record<'inside' | 'entries' | 'exits' | 'rejected' | 'conflicts' | 'none' | 'gates', string>
> = {
  en: {
    ...{ inside: 'inside', entries: 'entries', exits: 'exits', rejected: 'rejected' },
    ...{ conflicts: 'conflicts', none: 'no gate named', gates: 'By gate' },
  },
  es: {
    ...{ inside: 'dentro', entries: 'entradas', exits: 'salidas', rejected: 'rechazos' },
    ...{ conflicts: 'conflictos', none: 'sin puerta', gates: 'Por puerta' },
  },
  pt: {
    ...{ inside: 'dentro', entries: 'entradas', exits: 'saídas', rejected: 'recusas' },
    ...{ conflicts: 'conflitos', none: 'sem portão', gates: 'Por portão' },
  },
};

const STYLE = `
svg{--ink:#1d2430;--dim:#5b6675;--line:#d9dee5;--paper:#fff;--entries:#1769c2;--exits:#c77d0a;--rejected:#c8324a;--inside:#1d2430}
@media (prefers-color-scheme:dark){svg{--ink:#eef1f5;--dim:#9aa6b6;--line:#333c49;--paper:#12161c;--entries:#5aa9f5;--exits:#eab04c;--rejected:#f0657c;--inside:#eef1f5}}
text{font-family:system-ui,-apple-system,"Segoe UI",sans-serif;font-size:13px;fill:var(--ink)}
.name{font-size:20px;font-weight:600}.figure{font-size:26px;font-weight:600}.dim{fill:var(--dim)}.end{text-anchor:end}.middle{text-anchor:middle}
.paper{fill:var(--paper)}.grid{stroke:var(--line);stroke-width:1}.axis{stroke:var(--dim);stroke-width:1}
.entries{fill:var(--entries)}.exits{fill:var(--exits)}.rejected{fill:var(--rejected)}
.line{fill:none;stroke:var(--inside);stroke-width:2;stroke-linejoin:round}.halo{fill:none;stroke:var(--paper);stroke-width:5;stroke-linejoin:round}.dot{fill:var(--inside)}`;

const FIRST = statement(
  'door_draw_first',
  `SELECT min(scanned_at) AS first FROM validation WHERE company_id = $1 AND event_id = $2 AND scanned_at >= $3`,
);
// Who was inside already when the picture begins.
const BEFORE = statement(
  'door_draw_before',
  `SELECT (count(*) FILTER (WHERE direction = 'entry') - count(*) FILTER (WHERE direction = 'exit'))::int AS inside
   FROM validation WHERE company_id = $1 AND event_id = $2 AND scanned_at < $3 AND result = 'accepted'
     AND undone_at IS NULL AND conflict IS DISTINCT FROM 'not_inside' AND NOT "inner"`,
);

/**
 * The doors of an event as an SVG picture, for light and dark pages: entries, exits and rejections by time, how many are
 * inside, and each gate.
 * @param window from the first scan of the last 12 hours until now, unless said otherwise
 * @throws AppError not_found; validation_failed when the time asked for is none, or more than a day
 */
export async function drawDoor(
  ctx: Context,
  event_id: number,
  window: { from?: Date | undefined; to?: Date | undefined },
): Promise<string> {
  const { db } = ctx.system;
  const event = await loadEvent(ctx, event_id);
  const to = window.to ?? ctx.now;
  const from = window.from ?? (await beginning(db, ctx.company_id, event_id, to));
  const span = to.getTime() - from.getTime();
  if (span <= 0 || span > MAX_SPAN_MS)
    throw fieldError('/query/from', 'Name at most 24 hours that end after they begin.');
  const [summary, [before]] = await Promise.all([
    countScans(db, ctx.company_id, event_id, { from, to }),
    db.scan<{ inside: number }>(BEFORE, [ctx.company_id, event_id, from]),
  ]);
  const bars = barsOf(summary, from, to, before?.inside ?? 0);
  const { name } = translated(event, ctx.language);
  return draw({ name, summary, bars, ...ctx, time_zone: event.time_zone });
}

async function beginning(db: Database, company_id: number, event_id: number, to: Date): Promise<Date> {
  const [row] = await db.scan<{ first: Date | null }>(FIRST, [
    company_id,
    event_id,
    new Date(to.getTime() - 12 * HOUR_MS),
  ]);
  return new Date(Math.min(row?.first?.getTime() ?? Number.POSITIVE_INFINITY, to.getTime() - HOUR_MS));
}

interface Bar {
  at: number;
  minutes: number;
  entries: number;
  exits: number;
  rejected: number;
  /** At its end. */
  inside: number;
}

function barsOf({ gates, minutes }: Summary, from: Date, to: Date, before: number): Bar[] {
  const span = (to.getTime() - from.getTime()) / MINUTE_MS;
  const step = STEPS.find((n) => span / n <= MOST_BARS) ?? STEPS[STEPS.length - 1] ?? 30;
  const begin = Math.floor(from.getTime() / (step * MINUTE_MS)) * step * MINUTE_MS;
  const count = Math.ceil((to.getTime() - begin) / (step * MINUTE_MS));
  const bars = Array.from(
    { length: count },
    (_, i): Bar => ({
      at: begin + i * step * MINUTE_MS,
      minutes: step,
      ...{ entries: 0, exits: 0, rejected: 0, inside: 0 },
    }),
  );
  const innerGates = new Set(gates.filter((gate) => gate.inner).map((gate) => gate.gate_id));
  for (const minute of minutes) {
    if (innerGates.has(minute.gate_id)) continue;
    const bar = bars[Math.floor((minute.at.getTime() - begin) / (step * MINUTE_MS))];
    if (!bar) continue;
    bar.entries += minute.entries;
    bar.exits += minute.exits;
    bar.rejected += minute.rejected;
  }
  let inside = before;
  for (const bar of bars) {
    inside += bar.entries - bar.exits;
    bar.inside = inside;
  }
  return bars;
}

interface Picture {
  name: string;
  summary: Summary;
  bars: Bar[];
  language: Language;
  time_zone: string;
  interface: SalesChannel;
}

function draw({ name, summary, bars, language, time_zone }: Picture): string {
  const words = WORDS[language];
  const number = new Intl.NumberFormat(language);
  const clock = new Intl.DateTimeFormat(language, {
    ...{ hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: time_zone },
  });
  const gatesAt = TOP + UP + DOWN + 84;
  const height = gatesAt + summary.gates.length * GATE_ROW + 20;
  const title = `${name}: ${number.format(summary.inside)} ${words.inside}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="t">`,
    `<title id="t">${escapeXml(title)}</title><style>${STYLE}</style>`,
    `<rect class="paper" width="${WIDTH}" height="${height}" rx="12"/>`,
    `<text class="name" x="24" y="38">${escapeXml(shortened(name, 72))}</text>`,
    figures(summary, words, number),
    timeline(bars, words, number, clock),
    gates(summary, words, number, gatesAt),
    '</svg>',
  ].join('\n');
}

type Words = (typeof WORDS)[Language];

function figures(summary: Summary, words: Words, number: Intl.NumberFormat): string {
  return (['inside', 'entries', 'exits', 'rejected', 'conflicts'] as const)
    .map((field, i) => {
      const x = 24 + i * 150;
      const key = keyOf(field, x);
      return (
        `<text class="figure" x="${x}" y="78">${number.format(summary[field])}</text>${key}` +
        `<text class="dim" x="${x + (key ? 16 : 0)}" y="97">${words[field]}</text>`
      );
    })
    .join('\n');
}

/** What stands for a figure in the picture, beside its name. */
function keyOf(field: 'inside' | 'entries' | 'exits' | 'rejected' | 'conflicts', x: number): string {
  if (field === 'conflicts') return '';
  if (field === 'inside') return `<line class="line" x1="${x}" x2="${x + 11}" y1="92" y2="92"/>`;
  return `<rect class="${field}" x="${x}" y="87" width="10" height="10" rx="2"/>`;
}

function timeline(bars: Bar[], words: Words, number: Intl.NumberFormat, clock: Intl.DateTimeFormat): string {
  const width = WIDTH - LEFT - RIGHT;
  const pitch = width / bars.length;
  const base = TOP + UP;
  const most = niceTop(Math.max(4, ...bars.map((b) => b.entries + b.rejected)));
  const mostOut = Math.max(1, ...bars.map((b) => b.exits));
  const mostIn = niceTop(Math.max(4, ...bars.map((b) => b.inside)));
  const rule = (part: number): string => {
    const y = base - UP * part;
    return (
      `<line class="${part ? 'grid' : 'axis'}" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}"/>` +
      `<text class="dim end" x="${LEFT - 8}" y="${y + 4}">${number.format(most * part)}</text>` +
      `<text class="dim" x="${WIDTH - RIGHT + 8}" y="${y + 4}">${number.format(mostIn * part)}</text>`
    );
  };
  const every = LABEL_STEPS.find((n) => (bars.length * (bars[0]?.minutes ?? 1)) / n <= 10) ?? 240;
  const drawn = bars.map((bar, i) => {
    const x = rounded(LEFT + i * pitch + pitch * 0.1);
    const w = rounded(pitch * 0.8);
    const up = rounded((UP * bar.entries) / most);
    const turned = rounded((UP * bar.rejected) / most);
    // Exits share the scale of entries where they fit below the line.
    const out = rounded(Math.min(DOWN, (UP * bar.exits) / most) || 0);
    const low = mostOut * (UP / most) > DOWN ? rounded((DOWN * bar.exits) / mostOut) : out;
    const said = `${clock.format(bar.at)} · ${words.entries} ${bar.entries} · ${words.exits} ${bar.exits} · ${words.rejected} ${bar.rejected} · ${words.inside} ${bar.inside}`;
    const label =
      (bar.at / MINUTE_MS) % every
        ? ''
        : `<text class="dim middle" x="${rounded(LEFT + (i + 0.5) * pitch)}" y="${base + DOWN + 24}">${clock.format(bar.at)}</text>`;
    return (
      `<g><title>${escapeXml(said)}</title>` +
      `<rect x="${x}" y="${TOP}" width="${w}" height="${UP + DOWN}" fill="transparent"/>` +
      block('entries', x, base - up, w, up) +
      block('rejected', x, base - up - turned, w, turned) +
      `${block('exits', x, base + 1, w, low)}${label}</g>`
    );
  });
  const points = bars.map(
    (bar, i) =>
      [rounded(LEFT + (i + 0.5) * pitch), rounded(base - (UP * Math.max(0, bar.inside)) / mostIn)] as const,
  );
  const [x, y] = points[points.length - 1] ?? [LEFT, base];
  return [
    ...[0, 0.25, 0.5, 0.75, 1].map(rule),
    ...drawn,
    `<polyline class="halo" points="${points.map((point) => point.join(',')).join(' ')}"/>`,
    `<polyline class="line" points="${points.map((point) => point.join(',')).join(' ')}"/>`,
    `<circle class="dot" cx="${x}" cy="${y}" r="4"/>`,
  ].join('\n');
}

const block = (kind: string, x: number, y: number, width: number, height: number): string =>
  height > 0
    ? `<rect class="${kind}" x="${x}" y="${rounded(y)}" width="${width}" height="${height}" rx="1.5"/>`
    : '';

function gates(summary: Summary, words: Words, number: Intl.NumberFormat, top: number): string {
  const most = Math.max(1, ...summary.gates.map((g) => g.entries + g.rejected + g.exits));
  const room = WIDTH - 24 - 200 - 150;
  const rows = summary.gates.map((gate, i) => {
    const y = top + i * GATE_ROW;
    const zone = gate.inner && summary.zones.find((z) => z.zone === (gate.zone ?? gate.name));
    const there = zone && `${number.format(zone.inside)} ${words.inside}`;
    const name = gate.name === null ? words.none : [gate.name, gate.zone, there].filter(Boolean).join(' · ');
    let x = 200;
    const parts = (['entries', 'exits', 'rejected'] as const).map((kind) => {
      const width = rounded((room * gate[kind]) / most);
      const part =
        width > 0 ? `<rect class="${kind}" x="${rounded(x)}" y="${y}" width="${width}" height="16"/>` : '';
      x += width;
      return part;
    });
    const figures = ([gate.entries, gate.exits, gate.rejected] as const)
      .map((n) => number.format(n))
      .join(' · ');
    const said = `${name}: ${words.entries} ${gate.entries}, ${words.exits} ${gate.exits}, ${words.rejected} ${gate.rejected}`;
    return (
      `<g><title>${escapeXml(said)}</title><text class="end" x="188" y="${y + 13}">${escapeXml(shortened(name, 24))}</text>` +
      `${parts.join('')}<text class="dim" x="${rounded(x + 8)}" y="${y + 13}">${figures}</text></g>`
    );
  });
  const heading = `${words.gates}: ${words.entries} · ${words.exits} · ${words.rejected}`;
  return `<text class="dim" x="24" y="${top - 16}">${heading}</text>\n${rows.join('\n')}`;
}

/** As many letters as there is room for; none is torn apart. */
function shortened(name: string, most: number): string {
  const letters = [...new Intl.Segmenter().segment(name)].map(({ segment }) => segment);
  return letters.length > most
    ? `${letters
        .slice(0, most - 1)
        .join('')
        .trimEnd()}…`
    : name;
}

/** The next number that four parts of make whole numbers people like. */
function niceTop(most: number): number {
  const size = 10 ** Math.floor(Math.log10(most));
  const nice = [1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10].map((n) => n * size).find((n) => n >= most) ?? most;
  return Math.max(4, Math.ceil(nice / 4) * 4);
}

const rounded = (length: number): number => Math.round(length * 100) / 100;
