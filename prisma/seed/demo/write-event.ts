import { statement } from '../../../src/db/client.ts';
import type { Tx } from '../../../src/db/transaction.ts';
import { searchable } from '../../../src/services/events/search.ts';
import { publishEvent } from '../../../src/services/inventory/publish.ts';
import { insertRow, insertRows } from '../rows.ts';
import type { DemoEvent, EventTime, MapName, VenueName } from './event.ts';
import { CURRENCY } from './people.ts';
import type { Venue } from './venues.ts';
import { writeBlocks, writeQueue, writeRules } from './write-terms.ts';

/** A code of an event; `unlocks`: the English name of the hidden ticket type it opens. */
export interface CodeRow {
  code: string;
  kind: 'percentage' | 'fixed' | 'price_override' | 'access';
  value?: number;
  max_uses?: number;
  max_uses_per_user?: number;
  stackable?: boolean;
  unlocks?: string;
}

export interface DemoMap {
  map_id: number;
  /** Ids by the name of the section. */
  sections: ReadonlyMap<string, number>;
}

/** What the events are written into. */
export interface Place {
  company_id: number;
  interface_ids: readonly number[];
  categories: ReadonlyMap<string, number>;
  venues: Record<VenueName, Venue>;
  maps: Record<MapName, DemoMap>;
}

/** Fees and tax of everything the demo sells: 500 and 5 % on top, 19 % inside the price. */
const TERMS = { fee_fixed: 500, fee_rate: 500, fee_payer: 'buyer', tax_rate: 1_900, tax_inclusive: true };
const MAX_PER_CART = 20;

const LOCAL_TIME = statement(
  'seed_local_time',
  `SELECT (date_trunc('week', now() AT TIME ZONE $1) + make_interval(weeks => $2, days => $3 - 1) + $4::interval)
     AT TIME ZONE $1 AS at, date_trunc('day', now()) - interval '1 day' AS yesterday`,
);
const CANCEL = statement(
  'seed_cancel_event',
  "UPDATE event SET status = 'cancelled', version = version + 1 WHERE company_id = $1 AND id = $2",
);

/** Writes an event with all that hangs on it, and publishes it unless it stays a draft. */
export async function writeEvent(tx: Tx, place: Place, event: DemoEvent): Promise<void> {
  const { company_id, interface_ids, maps, venues } = place;
  const map = maps[event.map];
  const columns = await eventColumns(tx, place, event, venues[event.venue]);
  const { id: event_id } = await insertRow(tx, 'event', columns);
  await insertRows(tx, 'event_map', [{ company_id, event_id, map_id: map.map_id }]);
  await insertRows(
    tx,
    'event_interface',
    event.interfaces.map(({ index, extra_fee = 0 }) => ({
      ...{ company_id, event_id, interface_id: interface_ids[index], extra_fee },
    })),
  );
  const types = await writeTicketTypes(
    tx,
    { company_id, event_id, valid_from: columns.sales_start },
    map,
    event,
  );
  for (const [position, { name, capacity = null, price }] of (event.products ?? []).entries())
    await insertRow(tx, 'product', {
      ...{ company_id, event_id, name: name.en, translations: otherNames(name), position, price, ...TERMS },
      ...{ capacity, max_per_cart: MAX_PER_CART },
    });
  for (const { unlocks, value = 0, stackable = false, ...code } of event.codes ?? [])
    await insertRow(tx, 'code', {
      ...{ company_id, event_id, max_uses: null, max_uses_per_user: null, ...code, value, stackable },
      ticket_type_ids: unlocks === undefined ? [] : [types.get(unlocks)],
    });
  for (const name of event.gates ?? []) await insertRow(tx, 'gate', { company_id, event_id, name });
  for (const gate of event.inner_gates ?? [])
    await insertRow(tx, 'gate', { company_id, event_id, ...gate, inner: true });
  await writeRules(tx, { company_id, event_id }, types, event.quantity_rules ?? []);
  if (event.status !== 'draft') await publishEvent(tx, company_id, event_id);
  const where = { company_id, event_id, interface_ids, sections: map.sections };
  await writeBlocks(tx, where, columns.starts_at, event.blocks ?? []);
  if (event.queue) await writeQueue(tx, where, columns.sales_start, event.queue);
  if (event.status === 'cancelled') await tx.execute(CANCEL, [company_id, event_id]);
}

async function eventColumns(tx: Tx, { company_id, categories }: Place, event: DemoEvent, venue: Venue) {
  const { slug, name, description, seating, popularity, hours } = event;
  const { starts_at, yesterday } = await timesOf(tx, event.starts, venue.time_zone);
  const later = (h: number) => new Date(starts_at.getTime() + h * 3_600_000);
  return {
    ...{
      company_id,
      slug,
      name: name.en,
      description: description.en,
      seating,
      popularity,
      currency: CURRENCY,
    },
    translations: {
      es: { name: name.es, description: description.es },
      pt: { name: name.pt, description: description.pt },
    },
    search_text: searchable(`${name.en} ${name.es} ${name.pt} ${venue.name} ${venue.city}`),
    ...{ category_id: categories.get(event.category), venue_id: venue.id, time_zone: venue.time_zone },
    ...{
      starts_at,
      ends_at: later(hours),
      doors_at: later(-1),
      sales_start: yesterday,
      sales_end: later(hours),
    },
    ...{ orphan_rule: event.orphan_rule ?? false, max_per_cart: MAX_PER_CART },
  };
}

async function timesOf(tx: Tx, { weeks, weekday, time }: EventTime, time_zone: string) {
  const [row] = await tx.query<{ at: Date; yesterday: Date }>(LOCAL_TIME, [time_zone, weeks, weekday, time]);
  if (!row) throw new Error('no time');
  return { starts_at: row.at, yesterday: row.yesterday };
}

/**
 * @param common `valid_from` lies in the past, so that a demo ticket can be scanned today
 * @returns ids by English name
 */
async function writeTicketTypes(
  tx: Tx,
  common: { company_id: number; event_id: number; valid_from: Date },
  { sections }: DemoMap,
  { ticket_types }: DemoEvent,
): Promise<Map<string, number>> {
  const ids = new Map<string, number>();
  for (const [position, { name, price, sections: names, hidden = false, phase }] of ticket_types.entries()) {
    const section_ids = names.map((section) => {
      const id = sections.get(section);
      if (id === undefined) throw new Error(`no section ${section}`);
      return id;
    });
    const { id } = await insertRow(tx, 'ticket_type', {
      ...{ ...common, name: name.en, translations: otherNames(name), position, price, ...TERMS },
      ...{ section_ids, max_per_cart: MAX_PER_CART, access_code_required: hidden },
    });
    ids.set(name.en, id);
    if (phase)
      await insertRow(tx, 'price_phase', { company_id: common.company_id, ticket_type_id: id, ...phase });
  }
  return ids;
}

const otherNames = ({ es, pt }: { es: string; pt: string }) => ({ es: { name: es }, pt: { name: pt } });
