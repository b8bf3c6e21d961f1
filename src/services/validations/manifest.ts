import type { Context } from '../../context.ts';
import { type Database, statement } from '../../db/client.ts';
import { inTransaction } from '../../db/transaction.ts';
import { ROTATION } from '../tickets/rotation.ts';
import { canonicalJson, type Json } from './canonical-json.ts';
import { doorAt } from './prepare.ts';

/** Goes before what is signed. */
export const MANIFEST_PURPOSE = 'ticketing-api/manifest';

const COLUMNS = [
  'id',
  'serial',
  'ticket_type_id',
  'status',
  'entries',
  'inside',
  'holder',
  'seat',
  'expires_at',
  'zones',
] as const;

// The version is read before the tickets: what is written meanwhile is at or above it, and comes with the next manifest.
// Of transactions that still run, the oldest bounds it; while none does, it stands still as long as the tickets do.
const EVENT = statement(
  'manifest_event',
  `SELECT least(pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
       1 + coalesce((SELECT max(t.version) FROM ticket t WHERE t.company_id = e.company_id AND t.event_id = e.id), 0))
       AS version, e.name, e.rotating_codes, e.time_zone,
     e.starts_at,
     (SELECT coalesce(json_agg(json_build_object('id', g.id, 'name', g.name, 'zone', g.zone, 'inner', g."inner", 'multi_entry', g.multi_entry) ORDER BY g.id), '[]')
       FROM gate g WHERE g.company_id = e.company_id AND g.event_id = e.id) AS gates,
     (SELECT coalesce(json_object_agg(y.id, y.name), '{}')
       FROM ticket_type y WHERE y.company_id = e.company_id AND y.event_id = e.id) AS types
   FROM event e WHERE e.company_id = $1 AND e.id = $2`,
);
// No join: a plan that was made for few tickets must do for all of them.
const TICKETS_SINCE = `
   SELECT t.id, t.serial, t.ticket_type_id, t.entries, t.inside, t.seat_id,
     CASE WHEN t.status IN ('valid', 'used') AND (SELECT c.status NOT IN ('paid', 'partially_refunded') FROM cart c
         WHERE c.company_id = t.company_id AND c.id = t.cart_id) THEN 'unpaid'
       ELSE t.status::text END AS status,
     nullif(concat_ws(' ', t.first_name, t.last_name), '') AS holder,
     CASE WHEN t.validated_at IS NULL THEN to_char(t.expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') END AS expires_at,
     CASE WHEN t.zones IS NOT NULL THEN ARRAY(SELECT jsonb_object_keys(t.zones) COLLATE "C" ORDER BY 1) END AS zones
   FROM ticket t WHERE t.company_id = $1 AND t.event_id = $2 AND t.version >= $3 ORDER BY t.id`;
const ALL_TICKETS = statement('manifest_tickets', TICKETS_SINCE);
const CHANGED_TICKETS = statement('manifest_changed_tickets', TICKETS_SINCE);

interface EventFacts {
  version: number;
  name: string;
  rotating_codes: boolean;
  time_zone: string;
  starts_at: Date;
  gates: Json[];
  types: Record<number, string>;
}

type TicketFacts = Record<
  Exclude<(typeof COLUMNS)[number], 'seat'> | 'seat_id',
  string | number | string[] | null
>;

/**
 * Everything a scanner needs to work without a connection: keys, rules and tickets, signed, as JSON text.
 * @param since version of an earlier manifest: only tickets that have changed after it. One that this database cannot
 *   have given (it was restored from a backup) is answered with all of them
 * @throws AppError not_found when the event does not take place on this interface
 */
export async function getManifest(ctx: Context, event_id: number, since?: string): Promise<string> {
  const { system, company_id } = ctx;
  const door = await doorAt(ctx, event_id, null);
  await system.ticketKeys.signer(company_id); // makes the first key where there is none yet
  const keys = await system.ticketKeys.publicJwks(company_id);
  const [event] = await system.db.query<EventFacts>(EVENT, [company_id, event_id]);
  if (!event) throw new Error(`event ${event_id} has a door but does not exist`);
  const from = since === undefined ? 0 : Number.parseInt(since.slice(1), 36);
  const complete = from === 0 || from > event.version;
  const tickets = await ticketsSince(system.db, company_id, event_id, complete ? 0 : from);
  const seatOf = await seatNames(ctx, tickets);
  const { name, rotating_codes, time_zone, starts_at } = event;
  const members: Record<string, string> = {
    version: canonicalJson(`v${event.version.toString(36)}`),
    since: canonicalJson(since ?? null),
    complete: canonicalJson(complete),
    event: canonicalJson({
      id: event_id,
      cancelled: door.cancelled,
      ...{ name, rotating_codes, time_zone, starts_at },
    }),
    keys: canonicalJson(keys),
    gates: canonicalJson(event.gates),
    rotation: canonicalJson(
      rotating_codes ? { ...ROTATION, keys: await system.ticketKeys.eventKeys(company_id, event_id) } : null,
    ),
    rules: canonicalJson([
      ...[...door.admissions].map(([ticket_type_id, admission]) => ({
        ticket_type_id,
        name: event.types[ticket_type_id] ?? null,
        ...admission,
      })),
      { ticket_type_id: null, name: null, ...door.standard },
    ] as unknown as Json),
    columns: canonicalJson(COLUMNS),
    tickets: JSON.stringify(
      tickets.map((ticket) =>
        COLUMNS.map((column) => (column === 'seat' ? seatOf(ticket.seat_id) : ticket[column])),
      ),
    ),
  };
  const signature = await system.ticketKeys.attest(company_id, MANIFEST_PURPOSE, objectOf(members));
  return `{"manifest":${objectOf({ ...members, signature: canonicalJson(signature) })}}`;
}

/** What people call the seats of tickets. */
async function seatNames({ system, company_id }: Context, tickets: readonly TicketFacts[]) {
  const ids = tickets.flatMap(({ seat_id }) => (seat_id === null ? [] : [seat_id as number]));
  const labels = ids.length ? await system.seatLabels.of(system.db, company_id, ids) : new Map();
  return (seat_id: TicketFacts['seat_id']): string | null => {
    const label = labels.get(seat_id as number);
    return label ? `${label.section} ${label.row} ${label.number}` : null;
  };
}

/** All tickets are read by one pass over them; a few that have changed by their keys, as in any transaction. */
function ticketsSince(
  db: Database,
  company_id: number,
  event_id: number,
  version: number,
): Promise<TicketFacts[]> {
  const values = [company_id, event_id, version];
  if (version === 0) return db.query<TicketFacts>(ALL_TICKETS, values);
  return inTransaction(db, (tx) => tx.query<TicketFacts>(CHANGED_TICKETS, values));
}

/** An object of members whose texts are canonical already. */
const objectOf = (members: Record<string, string>): string =>
  `{${Object.keys(members)
    .sort()
    .map((name) => `"${name}":${members[name]}`)
    .join(',')}}`;
