import { insertRow, insertRows } from '../../prisma/seed/rows.ts';
import { inTransaction, type Tx } from '../../src/db/transaction.ts';
import { publishEvent } from '../../src/services/inventory/publish.ts';
import { makeEvent, standingSection } from './catalogue.ts';
import { DAY, fromNow, type SalesWorld } from './sales-world.ts';

export interface Season {
  plan_id: number;
  /** Chosen seats of the stalls, 300.00; of which there are 20. */
  seats: number;
  /** Dates on the theatre's map, one, two and three months from now. */
  event_ids: number[];
  /** The type of each date, 80.00. */
  types: number[];
}

export interface Membership {
  plan_id: number;
  /** 39.00 a month, 390.00 a year; the third is a monthly one of 20.00 for two terms at least. */
  month: number;
  year: number;
  bound: number;
}

/** Another date on a map that exists, published, with one type of 80.00 for some sections. */
export async function addDate(
  tx: Tx,
  world: Pick<SalesWorld, 'company_id' | 'web' | 'pos'>,
  place: { map_id: number; section_ids: number[] },
  more: Record<string, unknown> = {},
): Promise<{ event_id: number; type: number }> {
  const { company_id } = world;
  const event = await insertRow(tx, 'event', {
    ...{ company_id, name: 'Date', slug: `date-${Math.random()}`, search_text: 'date', seating: 'seated' },
    ...{ currency: 'EUR', time_zone: 'Europe/Madrid', orphan_rule: false, starts_at: fromNow(30 * DAY) },
    ...more,
  });
  const of = { company_id, event_id: event.id };
  await insertRows(tx, 'event_map', [{ ...of, map_id: place.map_id }]);
  await insertRows(
    tx,
    'event_interface',
    [world.web.id, world.pos.id].map((interface_id) => ({ ...of, interface_id })),
  );
  const type = await insertRow(tx, 'ticket_type', {
    ...{ ...of, name: 'Seat', price: 8_000, max_per_cart: 10, section_ids: place.section_ids },
  });
  await publishEvent(tx, company_id, event.id);
  return { event_id: event.id, type: type.id };
}

/** A season of three dates in the theatre. */
export function makeSeason(world: SalesWorld, more: Record<string, unknown> = {}): Promise<Season> {
  const { company_id, theatre } = world;
  return inTransaction(world.system.db, async (tx) => {
    const place = { map_id: theatre.map_id, section_ids: [theatre.stalls] };
    const dates = [];
    for (const month of [1, 2, 3])
      dates.push(await addDate(tx, world, place, { starts_at: fromNow(month * 30 * DAY) }));
    const event_ids = dates.map(({ event_id }) => event_id);
    const plan = await insertRow(tx, 'plan', { company_id, name: 'Season', kind: 'season', event_ids });
    const seats = await insertRow(tx, 'plan_setting', {
      ...{ company_id, plan_id: plan.id, name: 'Seat', price: 30_000, currency: 'EUR', interval: 'season' },
      ...{ section_ids: [theatre.stalls], seat_choice: true, capacity: 20, ...more },
    });
    return { plan_id: plan.id, seats: seats.id, event_ids, types: dates.map(({ type }) => type) };
  });
}

export interface Passes {
  plan_id: number;
  /** Places of general admission without a seat, 90.00. */
  pass: number;
  event_ids: number[];
  place: { map_id: number; section_ids: number[] };
}

/** A season without seats: dates of general admission on one map. */
export function makePasses(
  world: SalesWorld,
  { places = 20, dates = 2, ...more }: { places?: number; dates?: number } & Record<string, unknown> = {},
): Promise<Passes> {
  const { company_id } = world;
  return inTransaction(world.system.db, async (tx) => {
    const of = { company_id, interface_id: world.web.id };
    const first = await makeEvent(tx, of, [standingSection('Grounds', places)], { name: 'First' });
    const place = { map_id: first.map_id, section_ids: first.section_ids };
    const event_ids = [first.event_id];
    while (event_ids.length < dates) event_ids.push((await addDate(tx, world, place)).event_id);
    const plan = await insertRow(tx, 'plan', { company_id, name: 'Passes', kind: 'season', event_ids });
    const pass = await insertRow(tx, 'plan_setting', {
      ...{ company_id, plan_id: plan.id, name: 'Pass', price: 9_000, currency: 'EUR', interval: 'season' },
      ...{ section_ids: place.section_ids, ...more },
    });
    return { plan_id: plan.id, pass: pass.id, event_ids, place };
  });
}

/** A membership. */
export function makeMembership(world: SalesWorld, benefits: object[] = []): Promise<Membership> {
  const { company_id } = world;
  return inTransaction(world.system.db, async (tx) => {
    const plan = await insertRow(tx, 'plan', { company_id, name: 'Friends', kind: 'membership', benefits });
    const setting = async (name: string, columns: object) =>
      (
        await insertRow(tx, 'plan_setting', {
          company_id,
          plan_id: plan.id,
          name,
          currency: 'EUR',
          ...columns,
        })
      ).id;
    return {
      plan_id: plan.id,
      month: await setting('Monthly', { price: 3_900, interval: 'month' }),
      year: await setting('Yearly', { price: 39_000, interval: 'year' }),
      bound: await setting('Bound', { price: 2_000, interval: 'month', minimum_terms: 2 }),
    };
  });
}
