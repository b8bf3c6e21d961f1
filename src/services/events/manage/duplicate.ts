import type { Context } from '../../../context.ts';
import { statement } from '../../../db/client.ts';
import type { Tx } from '../../../db/transaction.ts';
import { transaction } from '../../../db/transaction.ts';
import type { EventDuplicate } from '../../../schemas/event-management.ts';
import { type EventRecord, lockEvent } from '../lock.ts';
import type { EventView } from '../row.ts';
import { searchable } from '../search.ts';
import { refuseFaults, timesFaults } from './check.ts';
import { auditEvent, tellOfEvent } from './touch.ts';
import { eventAfter } from './view.ts';
import { freeSlugs, insertEvents } from './write.ts';

// Everything that is copied has its times moved by as much as the event itself, on the clock of its place: sales that
// began at ten begin at ten, on whatever side of a change of the clocks. Copies of gates and types are found by the order
// of their ids: they are written in the order of their originals.

/** A time moved by so many seconds on the clock of a time zone. */
const onClock = (time: string, seconds = '$4', zone = '$5') =>
  `((${time} AT TIME ZONE ${zone}::text) + make_interval(secs => ${seconds}::float8)) AT TIME ZONE ${zone}::text`;
const moved = (...columns: string[]) => columns.map((name) => onClock(`o.${name}`)).join(', ');
const SHIFT = statement(
  'duplicate_shift',
  `SELECT extract(epoch FROM ($2::timestamptz AT TIME ZONE $3::text) - ($1::timestamptz AT TIME ZONE $3::text))::float8
     AS seconds`,
);
const TIMES = statement(
  'duplicate_times',
  `SELECT ${onClock('t.time', '$2', '$3')} AS time
   FROM unnest($1::timestamptz[]) WITH ORDINALITY AS t (time, n) ORDER BY t.n`,
);

const CHANNELS = statement(
  'duplicate_channels',
  `INSERT INTO event_interface (company_id, event_id, interface_id, extra_fee, sales_start, sales_end)
   SELECT o.company_id, $3, o.interface_id, o.extra_fee, ${moved('sales_start', 'sales_end')}
   FROM event_interface o WHERE o.company_id = $1 AND o.event_id = $2`,
);
const MAPS = statement(
  'duplicate_maps',
  `INSERT INTO event_map (company_id, event_id, map_id)
   SELECT o.company_id, $3, o.map_id FROM event_map o WHERE o.company_id = $1 AND o.event_id = $2`,
);
const GATES = statement(
  'duplicate_gates',
  `INSERT INTO gate (company_id, event_id, name, zone, "inner", multi_entry)
   SELECT o.company_id, $3, o.name, o.zone, o."inner", o.multi_entry FROM gate o WHERE o.company_id = $1 AND o.event_id = $2 ORDER BY o.id`,
);
/** Pairs of an original and its copy. */
const pairs = (table: string) => `
  (SELECT a.id AS old, b.id AS new
   FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM ${table} WHERE company_id = $1 AND event_id = $2) AS a
   JOIN (SELECT id, row_number() OVER (ORDER BY id) AS n FROM ${table} WHERE company_id = $1 AND event_id = $3) AS b
     USING (n))`;
const TYPE_COLUMNS = `name, description, translations, position, price, fee_fixed, fee_rate, fee_payer, tax_rate,
  tax_inclusive, section_ids, min_per_cart, max_per_cart, max_per_user, access_code_required, members_only, capacity,
  re_entry, max_entries`;
const TYPES = statement(
  'duplicate_ticket_types',
  `INSERT INTO ticket_type (company_id, event_id, ${TYPE_COLUMNS}, gate_ids, sales_start, sales_end, valid_from,
     valid_until)
   SELECT o.company_id, $3, ${TYPE_COLUMNS},
     ARRAY (SELECT g.new FROM ${pairs('gate')} AS g WHERE g.old = ANY(o.gate_ids) ORDER BY g.new),
     ${moved('sales_start', 'sales_end', 'valid_from', 'valid_until')}
   FROM ticket_type o WHERE o.company_id = $1 AND o.event_id = $2 ORDER BY o.id`,
);
const PHASES = statement(
  'duplicate_price_phases',
  `INSERT INTO price_phase (company_id, ticket_type_id, name, price, position, until_sold, starts_at, ends_at)
   SELECT o.company_id, t.new, o.name, o.price, o.position, o.until_sold, ${moved('starts_at', 'ends_at')}
   FROM price_phase o JOIN ${pairs('ticket_type')} AS t ON t.old = o.ticket_type_id
   WHERE o.company_id = $1 ORDER BY o.id`,
);
// Rules name ticket types: those of a bundle one by one, the others in a list.
const RULES = statement(
  'duplicate_quantity_rules',
  `INSERT INTO quantity_rule (company_id, event_id, name, position, definition)
   SELECT o.company_id, $3, o.name, o.position, o.definition || CASE WHEN o.definition ? 'parts'
     THEN jsonb_build_object('parts', (
       SELECT jsonb_agg(p.part || jsonb_build_object('ticket_type_id', t.new) ORDER BY p.n)
       FROM jsonb_array_elements(o.definition -> 'parts') WITH ORDINALITY AS p (part, n)
       JOIN ${pairs('ticket_type')} AS t ON to_jsonb(t.old) = p.part -> 'ticket_type_id'))
     ELSE jsonb_build_object('ticket_type_ids', (
       SELECT coalesce(jsonb_agg(t.new ORDER BY i.n), '[]')
       FROM jsonb_array_elements(o.definition -> 'ticket_type_ids') WITH ORDINALITY AS i (id, n)
       JOIN ${pairs('ticket_type')} AS t ON to_jsonb(t.old) = i.id)) END
   FROM quantity_rule o WHERE o.company_id = $1 AND o.event_id = $2 ORDER BY o.id`,
);
const PRODUCT_COLUMNS = `name, description, translations, position, price, fee_fixed, fee_rate, fee_payer, tax_rate,
  tax_inclusive, max_per_cart, capacity`;
const PRODUCTS = statement(
  'duplicate_products',
  `INSERT INTO product (company_id, event_id, ${PRODUCT_COLUMNS})
   SELECT o.company_id, $3, ${PRODUCT_COLUMNS} FROM product o
   WHERE o.company_id = $1 AND o.event_id = $2 ORDER BY o.id`,
);
const CODES = statement(
  'duplicate_codes',
  `INSERT INTO code (company_id, event_id, code, label, kind, value, max_uses, max_uses_per_user, stackable, active,
     ticket_type_ids, starts_at, ends_at)
   SELECT o.company_id, $3, o.code, o.label, o.kind, o.value, o.max_uses, o.max_uses_per_user, o.stackable, o.active,
     ARRAY (SELECT t.new FROM ${pairs('ticket_type')} AS t WHERE t.old = ANY(o.ticket_type_ids) ORDER BY t.new),
     ${moved('starts_at', 'ends_at')}
   FROM code o WHERE o.company_id = $1 AND o.event_id = $2 ORDER BY o.id`,
);

/** Those whose times move, and those without any. */
const COPIES = [
  { copy: CHANNELS, timed: true },
  { copy: MAPS, timed: false },
  { copy: GATES, timed: false },
  { copy: TYPES, timed: true },
  { copy: PHASES, timed: true },
  { copy: RULES, timed: false },
  { copy: PRODUCTS, timed: false },
  { copy: CODES, timed: true },
];

/**
 * Copies an event, whatever its state, to another date: with its interfaces, maps, gates, ticket types, their price
 * phases and quantity rules, products and codes, all of it unsold and unused. The copy is a draft.
 * @throws AppError not_found, validation_failed; conflict for a slug that is taken
 */
export function duplicateEvent(ctx: Context, event_id: number, body: EventDuplicate): Promise<EventView> {
  return transaction(ctx, async (tx) => {
    const original = await lockEvent(tx, ctx, event_id);
    const seconds = await shiftOf(tx, original, body.starts_at);
    const copy = await copyRow(tx, original, body, seconds);
    const ids = [ctx.company_id, event_id, copy.id];
    for (const { copy: statement, timed } of COPIES)
      await tx.execute(statement, timed ? [...ids, seconds, original.time_zone] : ids);
    await auditEvent(tx, ctx, {
      ...{ action: 'event.duplicate', subject_type: 'event', subject_id: copy.id },
      after: { ...copy, copy_of: event_id },
    });
    await tellOfEvent(tx, ctx, copy.id, { status: 'draft', copy_of: event_id });
    return eventAfter(tx, ctx, copy.id);
  });
}

async function shiftOf(tx: Tx, { starts_at, time_zone }: EventRecord, to: Date): Promise<number> {
  const [shift] = await tx.query<{ seconds: number }>(SHIFT, [starts_at, to, time_zone]);
  return (shift as { seconds: number }).seconds;
}

const MOVED = [
  ...(['ends_at', 'doors_at', 'sales_start', 'sales_end'] as const),
  ...(['holder_change_until', 'exchange_until', 'accessible_until'] as const),
];

async function copyRow(
  tx: Tx,
  original: EventRecord,
  { name = original.name, starts_at, ...body }: EventDuplicate,
  seconds: number,
): Promise<EventRecord> {
  const old = MOVED.map((field) => original[field]);
  const later = await tx.query<{ time: Date | null }>(TIMES, [old, seconds, original.time_zone]);
  const fields = MOVED.map((field, i) => [field, later[i]?.time ?? null]);
  const times: Pick<EventRecord, 'starts_at' | (typeof MOVED)[number]> = {
    starts_at,
    ...Object.fromEntries(fields),
  };
  refuseFaults(timesFaults(times));
  const slug = body.slug ?? ((await freeSlugs(tx, original.company_id, name, 1))[0] as string);
  const row = original as EventRecord & { search_text: string };
  const search_text = `${searchable(name)} ${row.search_text}`.trim();
  const [copy] = await insertEvents(tx, original.company_id, [
    { ...row, ...times, name, slug, search_text: name === original.name ? row.search_text : search_text },
  ]);
  return copy as EventRecord;
}
