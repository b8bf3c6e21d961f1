import { insertRow, insertRows } from '../../prisma/seed/rows.ts';
import type { Tx } from '../../src/db/transaction.ts';
import { publishEvent } from '../../src/services/inventory/publish.ts';
import {
  importMap,
  type MapImport,
  type RowImport,
  type SectionImport,
} from '../../src/services/maps/import.ts';

/** A seated section of straight rows A, B, … with seats 1, 2, …, ten units apart. */
export function seatedSection(name: string, rows: number, seatsPerRow: number, top = 0): SectionImport {
  return {
    name,
    kind: 'seated',
    rows: Array.from({ length: rows }, (_, r): RowImport => {
      const seats = Array.from({ length: seatsPerRow }, (_, s) => ({
        number: String(s + 1),
        x: 10 + s * 10,
        y: top + 10 + r * 10,
      }));
      return { label: rowLabel(r), seats };
    }),
  };
}

/** A general-admission section. */
export const standingSection = (name: string, capacity: number): SectionImport => ({
  name,
  kind: 'general',
  capacity,
  rows: [],
});

/** A map that is large enough for its sections, with the stage in the middle of its upper edge. */
export function mapOf(...sections: SectionImport[]): MapImport {
  const seats = sections.flatMap((section) => section.rows.flatMap((row) => row.seats));
  const width = Math.max(100, ...seats.map((seat) => seat.x + 10));
  const height = Math.max(100, ...seats.map((seat) => seat.y + 10));
  return { name: 'Hall', venue_id: null, width, height, focal_point: { x: width / 2, y: 0 }, sections };
}

const rowLabel = (index: number): string =>
  index < 26 ? String.fromCharCode(65 + index) : rowLabel(Math.floor(index / 26) - 1) + rowLabel(index % 26);

export interface TestCompany {
  company_id: number;
  interface_id: number;
}

/** A company with one interface. */
export async function makeCompany(tx: Tx, name = 'Test company'): Promise<TestCompany> {
  const company = await insertRow(tx, 'company', { name });
  const channel = await insertRow(tx, 'interface', {
    company_id: company.id,
    name: 'Web',
    currency: 'EUR',
    time_zone: 'Europe/Madrid',
  });
  return { company_id: company.id, interface_id: channel.id };
}

export interface TestEvent {
  event_id: number;
  map_id: number;
  section_ids: number[];
  /** One ticket type a section, in the order of the sections. */
  ticket_type_ids: number[];
}

/** A draft with a map and one ticket type a section at 50.00; `publish: false` leaves it a draft. */
export async function makeEvent(
  tx: Tx,
  { company_id, interface_id }: TestCompany,
  sections: SectionImport[] = [seatedSection('Stalls', 2, 10), standingSection('Floor', 100)],
  { publish = true, ...more }: { publish?: boolean; [column: string]: unknown } = {},
): Promise<TestEvent> {
  const { map_id, section_ids } = await importMap(tx, company_id, mapOf(...sections));
  const event = await insertRow(tx, 'event', {
    ...{ company_id, name: 'Concert', slug: `concert-${map_id}`, search_text: 'concert', seating: 'mixed' },
    ...{ currency: 'EUR', time_zone: 'Europe/Madrid', orphan_rule: false },
    ...{ starts_at: new Date(Date.now() + 30 * 86_400_000), ...more },
  });
  await insertRows(tx, 'event_map', [{ company_id, event_id: event.id, map_id }]);
  await insertRows(tx, 'event_interface', [{ company_id, event_id: event.id, interface_id }]);
  const ticket_type_ids: number[] = [];
  for (const [i, section] of sections.entries()) {
    const type = await insertRow(tx, 'ticket_type', {
      ...{ company_id, event_id: event.id, name: section.name, position: i, price: 5_000, max_per_cart: 20 },
      section_ids: [section_ids[i]],
    });
    ticket_type_ids.push(type.id);
  }
  if (publish) await publishEvent(tx, company_id, event.id);
  return { event_id: event.id, map_id, section_ids, ticket_type_ids };
}
