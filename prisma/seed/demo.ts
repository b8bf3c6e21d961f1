import { statement } from '../../src/db/client.ts';
import type { Tx } from '../../src/db/transaction.ts';
import { importMap, type MapImport } from '../../src/services/maps/import.ts';
import type { VenueName } from './demo/event.ts';
import { festival, SLUGS, stadium, theatre } from './demo/main-events.ts';
import { clubMap, festivalMap, stadiumMap, theatreMap } from './demo/maps.ts';
import { CLIENT_IDS, ensureJohn, insertDemoCompany } from './demo/people.ts';
import { writePlans } from './demo/plans.ts';
import type { DemoSecrets } from './demo/secrets.ts';
import { cancelled, draft, partnerOnly, queuedFor, soldOut } from './demo/small-events.ts';
import { insertVenues, type Venue } from './demo/venues.ts';
import { type DemoMap, type Place, writeEvent } from './demo/write-event.ts';

const EVENTS = [theatre, festival, stadium, soldOut, partnerOnly, draft, cancelled, queuedFor];

/** Places of the event that is sold out. */
export const SOLD_OUT_PLACES = 120;

const COMPANY = statement('seed_demo_company', 'SELECT company_id FROM client WHERE id = $1');
const ANY_COMPANY = statement('seed_any_company', 'SELECT 1 FROM company LIMIT 1');
const CATEGORIES = statement('seed_categories', 'SELECT id, code FROM category WHERE company_id = $1');
const SECTIONS = statement(
  'seed_sections',
  'SELECT id, name FROM section WHERE company_id = $1 AND map_id = $2',
);
// A start that was killed on the way has drawn ids from sequences, which no rollback gives back.
const RESTART_IDS = statement(
  'seed_restart_ids',
  `SELECT setval(pg_get_serial_sequence(t, 'id'), 1, false)
   FROM unnest('{company,interface,category,venue,map,section,seat_row,seat,event,ticket_type,product,code,gate,
     user_account,address,guest,plan,plan_setting}'::text[]) AS t`,
);
// Whole weeks, by the clock of the venue: the same weekday and hour, also when summer time comes between.
const REDATE = statement(
  'seed_redate_events',
  `UPDATE event e SET version = version + 1, updated_at = greatest(now(), e.updated_at + interval '1 millisecond'),
     starts_at = (e.starts_at AT TIME ZONE e.time_zone + w.shift) AT TIME ZONE e.time_zone,
     ends_at = (e.ends_at AT TIME ZONE e.time_zone + w.shift) AT TIME ZONE e.time_zone,
     doors_at = (e.doors_at AT TIME ZONE e.time_zone + w.shift) AT TIME ZONE e.time_zone,
     sales_end = (e.sales_end AT TIME ZONE e.time_zone + w.shift) AT TIME ZONE e.time_zone
   FROM (SELECT company_id, id,
           make_interval(weeks => ceil(extract(epoch FROM now() - starts_at) / 604800)::int + 13) AS shift
         FROM event WHERE company_id = $1 AND slug = ANY($2) AND starts_at < now() + interval '1 day') AS w
   WHERE e.company_id = w.company_id AND e.id = w.id`,
);

/** The demo company of this database, if it has one. */
export async function findDemoCompany(tx: Tx): Promise<number | undefined> {
  return (await tx.query<{ company_id: number }>(COMPANY, [CLIENT_IDS.back_office]))[0]?.company_id;
}

/** Has somebody made a company here? Then the demo stays away. */
export async function hasCompany(tx: Tx): Promise<boolean> {
  return (await tx.query(ANY_COMPANY)).length > 0;
}

/** Writes the demo company with everything but its sales, into a database without any company. */
export async function writeDemo(tx: Tx, secrets: DemoSecrets): Promise<number> {
  await tx.query(RESTART_IDS);
  const { company_id, interface_ids } = await insertDemoCompany(tx, secrets);
  const venues = await insertVenues(tx, company_id);
  const place: Place = {
    ...{ company_id, interface_ids, venues },
    categories: new Map(
      (await tx.query<{ id: number; code: string }>(CATEGORIES, [company_id])).map(({ id, code }) => [
        code,
        id,
      ]),
    ),
    maps: await writeMaps(tx, company_id, venues),
  };
  for (const event of EVENTS) await writeEvent(tx, place, event);
  await writePlans(tx, company_id);
  await ensureJohn(tx, company_id, secrets);
  return company_id;
}

async function writeMaps(
  tx: Tx,
  company_id: number,
  venues: Record<VenueName, Venue>,
): Promise<Place['maps']> {
  const write = async (map: MapImport): Promise<DemoMap> => {
    const { map_id } = await importMap(tx, company_id, map);
    const sections = await tx.query<{ id: number; name: string }>(SECTIONS, [company_id, map_id]);
    return { map_id, sections: new Map(sections.map(({ id, name }) => [name, id])) };
  };
  return {
    theatre: await write(theatreMap(venues.theatre.id)),
    festival: await write(festivalMap(venues.park.id)),
    stadium: await write(stadiumMap(venues.stadium.id)),
    club: await write(clubMap(venues.club.id, 300)),
    pier: await write(clubMap(venues.abroad.id, 250)),
    small_club: await write(clubMap(venues.club.id, SOLD_OUT_PLACES)),
  };
}

/** Moves demo events that are past (or begin today) some months ahead. */
export async function redateEvents(tx: Tx, company_id: number): Promise<number> {
  return tx.execute(REDATE, [company_id, EVENTS.map(({ slug }) => slug)]);
}

export { SLUGS };
