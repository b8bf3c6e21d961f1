import { escapeXml } from '../../text/escape.ts';

export const WIDTH = 960;
export const MARGIN = 32;
const INNER = WIDTH - 2 * MARGIN;

/** A part of a picture, drawn from its own top left corner. */
export interface Drawn {
  svg: string;
  height: number;
}

export interface Bar {
  label: string;
  value: number;
  /** What the mark says of itself. */
  note: string;
}

/** Contrast of text is 4.5 : 1 or better on both grounds; the colours differ for the colour-blind, too. */
export const STYLE = `
svg { color-scheme: light dark; font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  --page: #ffffff; --tile: #f3f5f8; --ink: #14202e; --soft: #566575; --line: #dde3ea; --sold: #2563c9; --courtesy: #0f8f7a; --held: #e2a110;
  --blocked: #9aa6b4; --free: #e4e9ef; --bar: #2563c9 }
@media (prefers-color-scheme: dark) { svg { --page: #12181f; --tile: #1c2530; --ink: #eef3f8; --soft: #9fb0c1; --line: #2e3a47;
  --sold: #5b9bff; --courtesy: #35c3aa; --held: #f0b93a; --blocked: #738294; --free: #2a3541; --bar: #5b9bff } }
text { fill: var(--ink); font-size: 13px } .page { fill: var(--page) } .tile { fill: var(--tile) }
.name { font-size: 24px; font-weight: 650 } .figure { font-size: 26px; font-weight: 650 } .head { font-size: 15px; font-weight: 600 }
.soft { fill: var(--soft) } .small { fill: var(--soft); font-size: 11.5px } .end { text-anchor: end } .mid { text-anchor: middle }
.line { stroke: var(--line); stroke-width: 1 } .bar { fill: var(--bar) } .minus { fill: var(--held) }
.sold { fill: var(--sold) } .courtesy { fill: var(--courtesy) }
.held { fill: var(--held) } .blocked { fill: var(--blocked) } .free { fill: var(--free) }
`;

export const text = (x: number, y: number, content: string, kind = ''): string =>
  `<text x="${round(x)}" y="${round(y)}"${kind && ` class="${kind}"`}>${escapeXml(content)}</text>`;

const round = (n: number): number => Math.round(n * 10) / 10;

const rect = (kind: string, x: number, y: number, width: number, height: number, note: string, radius = 0) =>
  `<rect class="${kind}" x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}"${radius ? ` rx="${radius}"` : ''}><title>${escapeXml(note)}</title></rect>`;

/** Widths of letters by the size of the font, wide rather than narrow: who reads a picture brings the font. */
const WIDTHS: readonly [RegExp, number][] = [
  [
    /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Extended_Pictographic}\uff01-\uff60]/u,
    1.05,
  ],
  [/[WMmw@%—…]/, 0.98],
  [/[A-Z&#€£¥$]/, 0.7],
  [/[ijlIft.,:;'|!() ·]/, 0.4],
];
const letterWidth = (letter: string): number => WIDTHS.find(([letters]) => letters.test(letter))?.[1] ?? 0.64;

/** How wide a text may become. */
export const widthOf = (content: string, size = 13): number =>
  [...content].reduce((sum, letter) => sum + letterWidth(letter) * size, 0);

/** As much of a text as fits. */
export function fitted(content: string, width: number, size = 13): string {
  if (widthOf(content, size) <= width) return content;
  let left = width - widthOf('…', size);
  const letters = [...content];
  const end = letters.findIndex((letter) => {
    left -= letterWidth(letter) * size;
    return left < 0;
  });
  return `${letters.slice(0, Math.max(1, end)).join('').trimEnd()}…`;
}

const NOTHING: Drawn = { svg: '', height: 0 };

/** A column for each step of time, on an axis of round numbers. */
export function columns(title: string, bars: readonly Bar[], unit: string, language: string): Drawn {
  if (!bars.length) return NOTHING;
  const [top, tall, left] = [34, 190, 56];
  const values = bars.map(({ value }) => value);
  const [low, high] = [Math.min(0, ...values), Math.max(1, ...values)];
  const step = roundStep((high - low) / 4);
  const [bottom, ceiling] = [Math.floor(low / step) * step, Math.ceil(high / step) * step];
  const y = (value: number) => top + tall * (1 - (value - bottom) / (ceiling - bottom));
  const slot = (INNER - left) / bars.length;
  const wide = Math.min(slot * 0.72, 44);
  const x = (i: number) => MARGIN + left + slot * (i + 0.5);
  const lines: string[] = [text(MARGIN, 14, title, 'head'), text(MARGIN + INNER, 14, unit, 'small end')];
  const number = new Intl.NumberFormat(language);
  for (let value = bottom; value <= ceiling; value += step)
    lines.push(
      `<line class="line" x1="${MARGIN + left}" x2="${MARGIN + INNER}" y1="${round(y(value))}" y2="${round(y(value))}"/>`,
      text(MARGIN + left - 10, y(value) + 4, number.format(value), 'small end'),
    );
  const each = Math.ceil(bars.length / Math.floor((INNER - left) / 92)); // labels need this much room
  for (const [i, { label, value, note }] of bars.entries()) {
    const from = Math.min(y(value), y(0));
    const height = Math.max(value ? 1.5 : 0, Math.abs(y(value) - y(0)));
    lines.push(rect(value < 0 ? 'minus' : 'bar', x(i) - wide / 2, from, wide, height, note, 2));
    if (i % each === 0) {
      const half = widthOf(label, 11.5) / 2; // the first and the last one stay within the picture, too
      const middle = Math.max(half, Math.min(x(i), WIDTH - half - 4));
      lines.push(text(middle, top + tall + 20, label, 'small mid'));
    }
  }
  return { svg: lines.join(''), height: top + tall + 26 };
}

/** 1, 2, 5, 10, 20, 50, …: the first that is not less. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 1)));
  return ([1, 2, 5, 10].find((factor) => factor * power >= least) ?? 10) * power;
}

interface Places {
  name: string;
  capacity: number;
  sold: number;
  courtesy: number | null;
  held: number | null;
  blocked: number | null;
}

const KINDS = ['sold', 'courtesy', 'held', 'blocked', 'free'] as const;

/** A line under a list that is longer than what is drawn of it. */
const more = (count: number, y: number): string =>
  count > 0 ? text(MARGIN, y + 13, `and ${count} more`, 'small') : '';

/** How full each section is: the first `most` of them. */
export function stackedBars(title: string, all: readonly Places[], most: number, language: string): Drawn {
  if (!all.length) return NOTHING;
  const sections = all.slice(0, most);
  const number = new Intl.NumberFormat(language);
  const left = 190;
  const right = 190;
  const long = INNER - left - right;
  const known = sections.every(({ held }) => held !== null);
  const shown = known ? KINDS : (['sold', 'free'] as const);
  const names: Record<string, string> = { free: known ? 'free' : 'not sold' };
  const lines = [text(MARGIN, 14, title, 'head')];
  let end = MARGIN + INNER;
  for (const kind of [...shown].reverse()) {
    const word = names[kind] ?? kind;
    lines.push(text(end, 14, word, 'small end'));
    end -= word.length * 6.2 + 18;
    lines.push(rect(kind, end, 4, 11, 11, word, 2));
    end -= 16;
  }
  for (const [i, { name, capacity, sold, courtesy, held, blocked }] of sections.entries()) {
    const y = 32 + i * 26;
    const taken = { sold, courtesy: courtesy ?? 0, held: held ?? 0, blocked: blocked ?? 0 };
    const sum = Object.values(taken).reduce((n, count) => n + count, 0);
    const counts = { ...taken, free: Math.max(0, capacity - sum) };
    const of = Math.max(1, capacity, sum);
    lines.push(text(MARGIN, y + 13, fitted(name, left - 12)));
    let x = MARGIN + left;
    for (const kind of shown) {
      const width = (counts[kind] / of) * long;
      if (width > 0)
        lines.push(
          rect(kind, x, y, width, 17, `${name}: ${number.format(counts[kind])} ${names[kind] ?? kind}`),
        );
      x += width;
    }
    const share = Math.round((sold / Math.max(1, capacity)) * 100);
    const filled = `${number.format(sold)} of ${number.format(capacity)} · ${share} %`;
    lines.push(text(MARGIN + INNER, y + 13, filled, 'soft end'));
  }
  lines.push(more(all.length - sections.length, 32 + sections.length * 26));
  return { svg: lines.join(''), height: 32 + (sections.length + (all.length > most ? 1 : 0)) * 26 };
}

/** Bars in the order of their length, the first `most` of them, with what they stand for at their end. */
export function rankedBars(title: string, all: readonly Bar[], most: number): Drawn {
  if (!all.length) return NOTHING;
  const bars = all.slice(0, most);
  const left = 190;
  const right = Math.max(...bars.map(({ note }) => widthOf(note))) + 10;
  const longest = Math.max(1, ...bars.map(({ value }) => value));
  const lines = [text(MARGIN, 14, title, 'head')];
  for (const [i, { label, value, note }] of bars.entries()) {
    const y = 32 + i * 26;
    const width = Math.max(2, (Math.max(0, value) / longest) * (INNER - left - right));
    lines.push(
      text(MARGIN, y + 13, fitted(label, left - 12)),
      rect('bar', MARGIN + left, y, width, 17, `${label}: ${note}`, 2),
      text(MARGIN + left + width + 10, y + 13, note, 'soft'),
    );
  }
  lines.push(more(all.length - bars.length, 32 + bars.length * 26));
  return { svg: lines.join(''), height: 32 + (bars.length + (all.length > most ? 1 : 0)) * 26 };
}

/** A sentence in the place of a chart. */
export const remark = (content: string): Drawn => ({ svg: text(MARGIN, 14, content, 'soft'), height: 20 });
