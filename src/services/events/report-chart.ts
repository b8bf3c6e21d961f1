import type { Context } from '../../context.ts';
import { escapeXml } from '../../text/escape.ts';
import {
  type Bar,
  columns,
  type Drawn,
  fitted,
  MARGIN,
  rankedBars,
  remark,
  STYLE,
  stackedBars,
  text,
  WIDTH,
  widthOf,
} from './chart.ts';
import { getReport, type ReportView } from './report.ts';
import { loadEvent, translated } from './row.ts';

/** Up to so many days, the chart shows hours. */
const HOURLY_DAYS = 2;
/** More columns than this would be threads: days become weeks, weeks months. */
const MOST_COLUMNS = 62;
const MOST_BARS = 12;
const MOST_SECTIONS = 40;
const DAY_MS = 86_400_000;

/**
 * The report drawn: what came in, sales over time, how full each section is, and who sold what. Readable in light and
 * dark; every mark says its figures.
 * @throws AppError as getReport
 */
export async function drawReport(ctx: Context, event_id: number, as_of?: Date): Promise<string> {
  const [event, report] = await Promise.all([loadEvent(ctx, event_id), getReport(ctx, event_id, as_of)]);
  const { name } = translated(event, ctx.language);
  return drawOf({ name, language: ctx.language, time_zone: event.time_zone }, report);
}

/** Draws a report of an event. */
export function drawOf(
  { name, language, time_zone }: { name: string; language: string; time_zone: string },
  report: ReportView,
): string {
  const look = { language, currency: report.currency, time_zone };
  const parts: Drawn[] = [
    figures(report, look),
    report.days.length
      ? columns('Sales over time', overTime(report, look), 'tickets and products', language)
      : remark('Nothing has been sold yet.'),
    stackedBars('Places by section', report.sections, MOST_SECTIONS, language),
    rankedBars(
      'Revenue by ticket type and product',
      ranked([...report.ticket_types, ...report.products], look),
      MOST_BARS,
    ),
    rankedBars('Revenue by interface', ranked(report.interfaces, look), MOST_BARS),
  ].filter((part) => part.height > 0);
  const at = new Intl.DateTimeFormat(look.language, {
    ...{ dateStyle: 'medium', timeStyle: 'short', timeZone: look.time_zone },
  }).format(report.as_of);
  let y = 84;
  const body = parts.map(({ svg, height }) => {
    const placed = `<g transform="translate(0 ${y})">${svg}</g>`;
    y += height + 28;
    return placed;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" role="img" aria-labelledby="title">
<title id="title">${escapeXml(`Sales of ${name}, ${at}`)}</title>
<style>${STYLE}</style>
<rect class="page" width="${WIDTH}" height="${y}"/>
${text(MARGIN, 42, fitted(name, WIDTH - 2 * MARGIN, 24), 'name')}
${text(MARGIN, 64, at, 'soft')}
${body.join('\n')}
</svg>
`;
}

interface Look {
  language: string;
  currency: string;
  time_zone: string;
}

/** An amount of minor units as people write it. */
function amountOf(
  { language, currency }: Look,
  options: Intl.NumberFormatOptions = {},
): (minor: number) => string {
  const digits = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions()
    .maximumFractionDigits as number;
  const format = new Intl.NumberFormat(language, {
    ...{ style: 'currency', currency, currencyDisplay: 'narrowSymbol' },
    ...options,
  });
  return (minor) => format.format(minor / 10 ** digits);
}

/** A large amount in as many letters as there is room for. */
function shortAmount(minor: number, look: Look, width: number): string {
  const ways: Intl.NumberFormatOptions[] = [
    ...(Math.abs(minor) >= 1_000_000 ? [] : [{}]),
    { maximumFractionDigits: 0 },
    { notation: 'compact', maximumSignificantDigits: 3 },
  ];
  const written = ways.map((way) => amountOf(look, way)(minor));
  return written.find((each) => widthOf(each, FIGURE) <= width) ?? (written.at(-1) as string);
}

const FIGURE = 26;

function figures({ totals }: ReportView, look: Look): Drawn {
  const number = new Intl.NumberFormat(look.language);
  const { sold, capacity, held, refunded, refunded_amount, revenue } = totals;
  const share = capacity ? Math.round((sold / capacity) * 100) : 0;
  const width = (WIDTH - 2 * MARGIN - 3 * 16) / 4;
  const shown: [string, string, string][] = [
    ['Revenue', shortAmount(revenue, look, width - 32), 'fees and taxes included'],
    ['Sold', number.format(sold), `${share} % of ${number.format(capacity)} places`],
    [
      'On hold',
      held === null ? '–' : number.format(held),
      held === null ? 'not in the ledger' : 'in open carts',
    ],
    [
      'Given back',
      shortAmount(refunded_amount, look, width - 32),
      `${number.format(refunded)} tickets and products`,
    ],
  ];
  const svg = shown.map(([label, value, note], i) => {
    const x = MARGIN + i * (width + 16);
    return `<rect class="tile" x="${x}" y="0" width="${width}" height="92" rx="8"/>${text(x + 16, 26, label, 'soft')}${text(x + 16, 58, value, 'figure')}${text(x + 16, 79, note, 'small')}`;
  });
  return { svg: svg.join(''), height: 92 };
}

/** Sales by hour, day, week or month: without holes, so that a pause shows. */
function overTime({ days, hours }: ReportView, look: Look): Bar[] {
  const amount = amountOf(look);
  const number = new Intl.NumberFormat(look.language);
  const [first, last] = [days[0], days.at(-1)];
  if (!first || !last) return [];
  const dayTime = (day: string) => Date.parse(`${day}T00:00:00Z`);
  const span = (dayTime(last.day) - dayTime(first.day)) / DAY_MS + 1;
  const bar = (label: string, rows: readonly { sold: number; revenue: number }[]): Bar => {
    const value = rows.reduce((n, row) => n + row.sold, 0);
    const revenue = rows.reduce((n, row) => n + row.revenue, 0);
    return { label, value, note: `${label}: ${number.format(value)}, ${amount(revenue)}` };
  };
  const named = (options: Intl.DateTimeFormatOptions) => {
    const format = new Intl.DateTimeFormat(look.language, options);
    return (time: number) => format.format(time);
  };
  if (span <= HOURLY_DAYS) {
    const label = named({
      day: 'numeric',
      month: 'short',
      hour: '2-digit',
      minute: '2-digit',
      timeZone: look.time_zone,
    });
    const times = hours.map(({ hour }) => hour.getTime());
    return steps(times, 3_600_000).map((time) =>
      bar(
        label(time),
        hours.filter(({ hour }) => hour.getTime() >= time && hour.getTime() < time + 3_600_000),
      ),
    );
  }
  const size = [1, 7, 28].find((each) => span / each <= MOST_COLUMNS) ?? Math.ceil(span / MOST_COLUMNS);
  const label = named({
    day: 'numeric',
    month: 'short',
    ...(span > 300 && { year: '2-digit' }),
    timeZone: 'UTC',
  });
  return steps([dayTime(first.day), dayTime(last.day)], size * DAY_MS).map((time) => {
    const rows = days.filter(({ day }) => dayTime(day) >= time && dayTime(day) < time + size * DAY_MS);
    return bar(label(time), rows);
  });
}

function steps(times: readonly number[], size: number): number[] {
  const first = times[0] as number;
  const count = Math.floor(((times.at(-1) as number) - first) / size) + 1;
  return Array.from({ length: count }, (_, i) => first + i * size);
}

function ranked(rows: readonly { name: string; sold: number; revenue: number }[], look: Look): Bar[] {
  const amount = amountOf(look);
  const number = new Intl.NumberFormat(look.language);
  return rows
    .filter(({ sold, revenue }) => sold || revenue)
    .sort((a, b) => b.revenue - a.revenue)
    .map(({ name, sold, revenue }) => ({
      label: name,
      value: revenue,
      note: `${amount(revenue)} · ${number.format(sold)} sold`,
    }));
}
