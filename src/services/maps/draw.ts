import type { Context } from '../../context.ts';
import type { Language } from '../../errors.ts';
import { SEAT_STATUSES, type SeatStatus } from '../../schemas/maps.ts';
import { escapeXml } from '../../text/escape.ts';
import { inTurns } from '../../turns.ts';
import { codeIds } from '../events/codes.ts';
import { freshMirror } from './changes.ts';
import type { GeometrySection, MapGeometry } from './geometry.ts';
import { requireMap } from './visible.ts';

/** Told apart by lightness as well as by hue, for those who see few colours; readable on light and on dark ground. */
const STYLE = `svg{color-scheme:light dark;font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
--page:#ffffff;--shape:#f1f3f6;--line:#c3c9d2;--ink:#14202e;--available:#1b8a4b;--held:#f2b632;--sold:#6d7682;--blocked:#b4bcc6;--accessible:#1f5fbf}
@media (prefers-color-scheme:dark){svg{--page:#12181f;--shape:#1c2530;--line:#3a4755;--ink:#eef3f8;
--available:#35b56f;--held:#f0b93a;--sold:#5f6d7c;--blocked:#46525f;--accessible:#7db1ff}}
.page{fill:var(--page)}.shape{fill:var(--shape);stroke:var(--line)}text{fill:var(--ink)}.name{stroke:var(--page);stroke-linejoin:round;paint-order:stroke}.middle{text-anchor:middle}
.available{fill:var(--available)}.held{fill:var(--held)}.sold{fill:var(--sold)}.blocked{fill:none;stroke:var(--blocked)}
.accessible{stroke:var(--accessible)}.stage{fill:var(--line)}`;

const WORDS: Record<
  Language,
  Record<SeatStatus | 'accessible' | 'row' | 'seat' | 'left' | 'stage', string>
> = {
  en: {
    ...{ available: 'available', held: 'held', sold: 'sold', blocked: 'not for sale' },
    ...{ accessible: 'accessible', row: 'row', seat: 'seat', left: 'left', stage: 'stage' },
  },
  es: {
    ...{ available: 'disponible', held: 'reservado', sold: 'vendido', blocked: 'no está a la venta' },
    ...{ accessible: 'accesible', row: 'fila', seat: 'asiento', left: 'disponibles', stage: 'escenario' },
  },
  pt: {
    ...{ available: 'disponível', held: 'reservado', sold: 'vendido', blocked: 'fora de venda' },
    ...{ accessible: 'acessível', row: 'fila', seat: 'assento', left: 'disponíveis', stage: 'palco' },
  },
};

/**
 * The map as an SVG picture with live colours and a legend; every seat says what it is (`<title>`). Drawn in turns.
 * @param code what is kept for it is available
 * @throws AppError not_found
 */
export async function drawMap(
  ctx: Context,
  event_id: number,
  map_id: number,
  code?: string,
): Promise<Buffer> {
  await requireMap(ctx, event_id, map_id);
  const codes = await codeIds(ctx, event_id, code);
  const mirror = await freshMirror(ctx, event_id, map_id);
  const share = mirror.shareOf(ctx.interface.id, codes);
  const seen: Seen = {
    map: mirror.geometry,
    statuses: mirror.statuses(share),
    left: new Map(mirror.sectionsLeft(share).map(({ id, available }) => [id, available])),
    words: WORDS[ctx.language],
    letters: rounded(Math.max(mirror.geometry.width, mirror.geometry.height) / 50),
  };
  return inTurns(draw(seen));
}

interface Seen {
  map: MapGeometry;
  /** Of every seat, as it was at one moment. */
  statuses: Uint8Array;
  /** Places left, by section. */
  left: ReadonlyMap<number, number>;
  words: (typeof WORDS)[Language];
  /** Size of the text. */
  letters: number;
}

function* draw(seen: Seen): Generator<void, Buffer> {
  const { map, letters } = seen;
  const legend = drawLegend(seen);
  const [margin, above] = [2 * letters, 4 * letters];
  const box = [-margin, -above, map.width + 2 * margin, map.height + above + legend.height].map(rounded);
  const [x, y, width, height] = box;
  const parts: Buffer[] = [];
  const add = (...lines: string[]) => parts.push(Buffer.from(`${lines.join('\n')}\n`));
  add(
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${box.join(' ')}" role="img">`,
    `<title>${escapeXml(map.name)}</title>`,
    `<style>${STYLE}`,
    `text{font-size:${letters}px}.shape,.blocked{stroke-width:${rounded(letters / 10)}}.small{font-size:${rounded(letters * 0.7)}px}</style>`,
    `<rect class="page" x="${x}" y="${y}" width="${width}" height="${height}"/>`,
    `<text x="0" y="${rounded(-2 * letters)}" font-weight="600">${escapeXml(map.name)}</text>`,
    drawStage(seen),
  );
  const names: string[] = []; // above all shapes
  for (const section of map.sections)
    if (section.kind === 'general') add(drawStanding(seen, section));
    else names.push(yield* drawSeats(seen, section, add));
  add(...names, legend.svg, '</svg>');
  return Buffer.concat(parts);
}

function* drawSeats(
  { map, statuses, words, letters }: Seen,
  section: GeometrySection,
  add: (...lines: string[]) => void,
): Generator<void, string> {
  const radius = seatRadius(map, section);
  const thin = rounded(radius / 4);
  add(`<g>${outline(section)}`);
  for (const { label, seats } of section.rows) {
    const place = `${escapeXml(section.name)}, ${words.row} ${escapeXml(label)}, ${words.seat} `;
    const circles = Array.from(seats, (i) => {
      const status = SEAT_STATUSES[statuses[i] as number] as SeatStatus;
      const accessible = map.accessible[i] === 1;
      const title = `${place}${escapeXml(map.number[i] as string)}: ${words[status]}${accessible ? `, ${words.accessible}` : ''}`;
      const stroke = accessible ? rounded(radius / 2) : status === 'blocked' ? thin : 0;
      return (
        `<circle id="seat-${map.seatIds[i]}" class="${status}${accessible ? ' accessible' : ''}" ` +
        `cx="${map.x[i]}" cy="${map.y[i]}" r="${radius}"${stroke ? ` style="stroke-width:${stroke}"` : ''}><title>${title}</title></circle>`
      );
    });
    add(circles.join('\n'));
    yield;
  }
  add('</g>');
  return nameOf(map, section, radius, letters);
}

/** The name of a section: before the middle of its front row, or across its seats where these are tiny. */
function nameOf(map: MapGeometry, { name, rows }: GeometrySection, radius: number, letters: number): string {
  const seats = rows.flatMap((row) => [...row.seats]);
  const front = rows[0]?.seats ?? [];
  const middle = front[front.length >> 1];
  if (middle === undefined) return '';
  const xs = seats.map((i) => map.x[i] as number);
  const wide =
    xs.reduce((most, x) => Math.max(most, x), 0) - xs.reduce((least, x) => Math.min(least, x), map.width);
  if (radius < letters / 5) {
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const size = Math.min(letters * 0.7, wide / (0.66 * name.length));
    return textOf(name, mean(xs), mean(seats.map((i) => map.y[i] as number)) + size / 3, size);
  }
  const [x, y] = [map.x[middle] as number, map.y[middle] as number];
  const { x: fx, y: fy } = map.focal_point;
  const far = Math.hypot(fx - x, fy - y) || 1;
  const [dx, dy] = [(fx - x) / far, (fy - y) / far];
  const size = letters * 0.7;
  const half = name.length * size * 0.29; // of its width
  const away = radius + size + Math.abs(dx) * half;
  return textOf(name, x + dx * away, y + dy * away + size / 3, size);
}

const textOf = (content: string, x: number, y: number, size: number): string =>
  `<text class="name middle" x="${rounded(x)}" y="${rounded(y)}" style="font-size:${rounded(size)}px;stroke-width:${rounded(size / 4)}">${escapeXml(content)}</text>`;

/** Where everybody looks, unless there are places (the pitch of a stadium). */
function drawStage({ map, words, letters }: Seen): string {
  const { x, y } = map.focal_point;
  if (map.sections.some(({ kind, shape }) => kind === 'general' && contains(shape ?? [], x, y))) return '';
  const width = Math.min(12 * letters, map.width / 3);
  const left = rounded(Math.min(Math.max(x - width / 2, 0), map.width - width));
  const top = rounded(Math.max(y - 1.6 * letters, -1.4 * letters));
  const taken = (i: number) => isWithin(map.x[i], left, width) && isWithin(map.y[i], top, 1.4 * letters);
  if (map.seatIds.some((_, i) => taken(i))) return '';
  return (
    `<g><rect class="stage" x="${left}" y="${top}" width="${rounded(width)}" height="${rounded(1.4 * letters)}" rx="${rounded(letters / 3)}"/>` +
    `<text class="small middle" x="${rounded(left + width / 2)}" y="${rounded(top + 0.95 * letters)}">${words.stage}</text></g>`
  );
}

const isWithin = (value = 0, from: number, length: number): boolean => value > from && value < from + length;

/** Is a point within a polygon? (Even-odd rule.) */
function contains(shape: readonly (readonly [number, number])[], x: number, y: number): boolean {
  let inside = false;
  for (const [k, [bx, by]] of shape.entries()) {
    const [ax, ay] = shape.at(k - 1) as [number, number];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}

function drawStanding({ left, words }: Seen, section: GeometrySection): string {
  const [x, y] = centre(section.shape ?? []).map(rounded);
  const said = `${escapeXml(section.name)}: ${left.get(section.id)} ${words.left}`;
  // Without a polygon there is no place to draw it at.
  const label = section.shape?.length ? `<text class="middle" x="${x}" y="${y}">${said}</text>` : '';
  return `<g><title>${said}</title>${outline(section)}${label}</g>`;
}

const outline = ({ shape }: GeometrySection): string =>
  shape?.length ? `<polygon class="shape" points="${shape.map((point) => point.join(',')).join(' ')}"/>` : '';

function centre(shape: readonly (readonly [number, number])[]): [number, number] {
  const mean = (axis: 0 | 1) => shape.reduce((sum, point) => sum + point[axis], 0) / (shape.length || 1);
  return [mean(0), mean(1)];
}

/** As many entries a line as the map is wide. */
function drawLegend({ map, words, letters }: Seen): { svg: string; height: number } {
  let [x, y] = [letters / 2, map.height + 2.2 * letters];
  const entries = [...SEAT_STATUSES, 'accessible' as const].map((name) => {
    const width = letters * (1.2 + 0.62 * words[name].length);
    if (x > letters && x + width > map.width) [x, y] = [letters / 2, y + 1.8 * letters];
    const kind = name === 'accessible' ? 'available accessible' : name;
    const stroke = name === 'accessible' ? ` style="stroke-width:${rounded(letters / 4)}"` : '';
    const entry =
      `<circle class="${kind}" cx="${rounded(x)}" cy="${rounded(y)}" r="${rounded(letters * 0.42)}"${stroke}/>` +
      `<text x="${rounded(x + letters)}" y="${rounded(y + letters * 0.35)}">${words[name]}</text>`;
    x += width + 1.4 * letters;
    return entry;
  });
  return { svg: `<g class="legend">${entries.join('')}</g>`, height: y - map.height + 1.6 * letters };
}

/** Two fifths of the narrowest gap of a section, along its rows and between them, so that no two of its seats touch. */
function seatRadius(map: MapGeometry, { rows }: GeometrySection): number {
  const gap = (a = 0, b = 0) =>
    Math.hypot((map.x[a] ?? 0) - (map.x[b] ?? 0), (map.y[a] ?? 0) - (map.y[b] ?? 0));
  let narrowest = Math.max(map.width, map.height) / 10;
  for (const [r, { seats }] of rows.entries()) {
    for (let k = 1; k < seats.length; k++)
      narrowest = Math.min(narrowest, gap(seats[k - 1], seats[k]) || narrowest);
    for (const near of rows[r + 1]?.seats ?? [])
      for (const seat of [seats[0], seats[seats.length >> 1], seats.at(-1)])
        if (seat !== undefined) narrowest = Math.min(narrowest, gap(seat, near) || narrowest);
  }
  return rounded(narrowest * 0.4);
}

/** Enough digits for a screen. */
const rounded = (length: number): number => Math.round(length * 100) / 100;
