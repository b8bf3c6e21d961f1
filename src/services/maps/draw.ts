import type { Context } from '../../context.ts';
import type { Language } from '../../errors.ts';
import { SEAT_STATUSES, type SeatStatus } from '../../schemas/maps.ts';
import { escapeXml } from '../../text/escape.ts';
import type { EventShare } from '../inventory/allotments.ts';
import type { MapMirror } from './availability.ts';
import { freshMirror } from './changes.ts';
import type { GeometrySection, MapGeometry } from './geometry.ts';
import { requireMap } from './visible.ts';

/** Told apart by lightness as well as by hue, for those who see few colours. */
const COLOURS: Record<SeatStatus, string> = {
  available: '#1b8a4b',
  held: '#f2b632',
  sold: '#7a7f87',
  blocked: '#d9dce1',
};

const WORDS: Record<Language, Record<SeatStatus | 'accessible' | 'row' | 'seat' | 'left', string>> = {
  en: {
    ...{ available: 'available', held: 'held', sold: 'sold', blocked: 'not for sale' },
    ...{ accessible: 'accessible', row: 'row', seat: 'seat', left: 'left' },
  },
  es: {
    ...{ available: 'disponible', held: 'reservado', sold: 'vendido', blocked: 'no está a la venta' },
    ...{ accessible: 'accesible', row: 'fila', seat: 'asiento', left: 'disponibles' },
  },
  pt: {
    ...{ available: 'disponível', held: 'reservado', sold: 'vendido', blocked: 'fora de venda' },
    ...{ accessible: 'acessível', row: 'fila', seat: 'assento', left: 'disponíveis' },
  },
};

/**
 * The map as an SVG picture with live colours and a legend; every seat says what it is (`<title>`).
 * @throws AppError not_found
 */
export async function drawMap(ctx: Context, event_id: number, map_id: number): Promise<string> {
  await requireMap(ctx, event_id, map_id);
  const mirror = await freshMirror(ctx, event_id, map_id);
  return draw(mirror, mirror.shareOf(ctx.interface.id), ctx.language);
}

function draw(mirror: MapMirror, share: EventShare, language: Language): string {
  const map = mirror.geometry;
  const words = WORDS[language];
  const radius = seatRadius(map);
  const letters = rounded(Math.max(map.width, map.height) / 50);
  const left = new Map(mirror.sectionsLeft(share).map(({ id, available }) => [id, available]));
  const sections = map.sections.map((section) =>
    section.kind === 'general'
      ? drawStanding(section, `${left.get(section.id)} ${words.left}`)
      : drawSeats(section, mirror, share, radius, words),
  );
  const classes = SEAT_STATUSES.map((status) => `.${status}{fill:${COLOURS[status]}}`).join('');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${map.width} ${map.height + 3 * letters}" role="img">`,
    `<title>${escapeXml(map.name)}</title>`,
    `<style>text{font:${letters}px sans-serif;fill:#22262b}.shape{fill:#f4f5f7;stroke:#b9bec6;stroke-width:${rounded(letters / 10)}}`,
    `.accessible{stroke:#1f5fbf;stroke-width:${rounded(radius / 2)}}.middle{text-anchor:middle}${classes}</style>`,
    ...sections,
    drawLegend(words, letters, map.height + 2 * letters),
    '</svg>',
  ].join('\n');
}

type Words = (typeof WORDS)[Language];

function drawSeats(
  section: GeometrySection,
  mirror: MapMirror,
  share: EventShare,
  radius: number,
  words: Words,
): string {
  const map = mirror.geometry;
  const rows = section.rows.map(({ label, seats }) => {
    const place = `${escapeXml(section.name)}, ${words.row} ${escapeXml(label)}, ${words.seat} `;
    const circles = Array.from(seats, (i) => {
      const status = mirror.statusAt(i, share);
      const accessible = map.accessible[i] === 1;
      const title = `${place}${escapeXml(map.number[i] as string)}: ${words[status]}${accessible ? `, ${words.accessible}` : ''}`;
      return (
        `<circle id="seat-${map.seatIds[i]}" class="${status}${accessible ? ' accessible' : ''}" ` +
        `cx="${map.x[i]}" cy="${map.y[i]}" r="${radius}"><title>${title}</title></circle>`
      );
    });
    return circles.join('\n');
  });
  return `<g>${outline(section)}\n${rows.join('\n')}</g>`;
}

function drawStanding(section: GeometrySection, left: string): string {
  const [x, y] = centre(section.shape ?? []).map(rounded);
  const name = escapeXml(section.name);
  // Without a polygon there is no place to draw it at.
  const label = section.shape?.length ? `<text class="middle" x="${x}" y="${y}">${name}: ${left}</text>` : '';
  return `<g><title>${name}: ${left}</title>${outline(section)}${label}</g>`;
}

const outline = ({ shape }: GeometrySection): string =>
  shape?.length ? `<polygon class="shape" points="${shape.map((point) => point.join(',')).join(' ')}"/>` : '';

function centre(shape: readonly (readonly [number, number])[]): [number, number] {
  const mean = (axis: 0 | 1) => shape.reduce((sum, point) => sum + point[axis], 0) / (shape.length || 1);
  return [mean(0), mean(1)];
}

function drawLegend(words: Words, letters: number, y: number): string {
  const entries = [...SEAT_STATUSES, 'accessible' as const].map((name, i) => {
    const x = rounded(letters * (1 + 11 * i));
    return (
      `<circle class="${name === 'accessible' ? 'blocked accessible' : name}" cx="${x}" cy="${rounded(y)}" r="${rounded(letters / 2)}"/>` +
      `<text x="${rounded(x + letters)}" y="${rounded(y + letters / 3)}">${words[name]}</text>`
    );
  });
  return `<g class="legend">${entries.join('')}</g>`;
}

/** Two fifths of the narrowest gap between neighbours, so that no two seats touch. */
function seatRadius(map: MapGeometry): number {
  let narrowest = Number.POSITIVE_INFINITY;
  for (const { seats } of map.rows) {
    for (let k = 1; k < seats.length; k++) {
      const [a, b] = [seats[k - 1] as number, seats[k] as number];
      const gap = Math.hypot((map.x[a] ?? 0) - (map.x[b] ?? 0), (map.y[a] ?? 0) - (map.y[b] ?? 0));
      if (gap > 0 && gap < narrowest) narrowest = gap;
    }
  }
  return rounded(Number.isFinite(narrowest) ? narrowest * 0.4 : Math.max(map.width, map.height) / 100);
}

/** Enough digits for a screen. */
const rounded = (length: number): number => Math.round(length * 100) / 100;
