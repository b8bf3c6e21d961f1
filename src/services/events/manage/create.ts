import type { Context } from '../../../context.ts';
import { statement } from '../../../db/client.ts';
import { type Tx, transaction } from '../../../db/transaction.ts';
import type { FieldFault } from '../../../errors.ts';
import type { EventCreate, SeriesCreate } from '../../../schemas/event-management.ts';
import type { EventRecord } from '../lock.ts';
import type { EventView } from '../row.ts';
import { insertChannels } from './channels.ts';
import { fault, inOrder, lookUpReferences, refuseFaults, seatingOf, timesFaults } from './check.ts';
import { auditEvent, tellOfEvent } from './touch.ts';
import { eventsAfter } from './view.ts';
import { freeSlugs, insertEvents, type NewEvent, searchText, setMaps } from './write.ts';

const SERIES = statement(
  'series_insert',
  'INSERT INTO series (company_id, name) VALUES ($1, $2) RETURNING id',
);

type Dates = Pick<
  EventCreate,
  | 'starts_at'
  | 'ends_at'
  | 'doors_at'
  | 'sales_start'
  | 'sales_end'
  | 'holder_change_until'
  | 'exchange_until'
  | 'accessible_until'
>;

/**
 * Writes a draft.
 * @throws AppError validation_failed naming every fault; conflict for a slug that is taken
 */
export function createEvent(ctx: Context, body: EventCreate): Promise<EventView> {
  return transaction(ctx, async (tx) => {
    const events = await create(tx, ctx, body, [{ ...body }], null, '');
    return (await eventsAfter(tx, ctx, ids(events)))[0] as EventView;
  });
}

/**
 * Writes the drafts of a series, one for each date, all alike but for their times.
 * @throws AppError validation_failed naming every fault of every date; conflict for a slug that is taken
 */
export function createSeries(ctx: Context, body: SeriesCreate): Promise<EventView[]> {
  return transaction(ctx, async (tx) => {
    const name = body.series_name ?? body.name;
    const [series] = await tx.query<{ id: number }>(SERIES, [ctx.company_id, name]);
    const events = await create(tx, ctx, body, body.dates, (series as { id: number }).id, '/dates');
    return eventsAfter(tx, ctx, ids(events));
  });
}

const ids = (events: readonly EventRecord[]) => events.map(({ id }) => id);

async function create(
  tx: Tx,
  ctx: Context,
  body: EventCreate | SeriesCreate,
  dates: readonly Dates[],
  series_id: number | null,
  at: string,
): Promise<EventRecord[]> {
  const { map_ids = [], interfaces = [{ interface_id: ctx.interface.id }] } = body;
  const currency = body.currency ?? ctx.interface.currency;
  const known = await lookUpReferences(tx, ctx, {
    ...{ venue_id: body.venue_id, category_id: body.category_id, currency, map_ids },
    interface_ids: interfaces.map(({ interface_id }) => interface_id),
  });
  refuseFaults([
    ...known.faults,
    ...dates.flatMap((date, i) => timesFaults(date, at && `${at}/${i}`)),
    ...interfacesFaults(ctx, interfaces),
  ]);
  const slugs = await freeSlugs(tx, ctx.company_id, body.slug ?? body.name, dates.length);
  const events = await insertEvents(
    tx,
    ctx.company_id,
    dates.map((date, i): NewEvent => {
      const { name, translations = {} } = body;
      return {
        ...{ name, translations: translations as NewEvent['translations'], series_id, currency },
        slug: dates.length === 1 && body.slug ? body.slug : (slugs[i] as string),
        description: body.description ?? null,
        search_text: searchText(
          { name, translations: translations as NewEvent['translations'] },
          known.venue,
        ),
        seating: seatingOf(known),
        category_id: body.category_id ?? null,
        venue_id: body.venue_id ?? null,
        image_url: body.image_url ?? null,
        time_zone: body.time_zone ?? known.venue?.time_zone ?? ctx.interface.time_zone,
        starts_at: date.starts_at,
        ends_at: date.ends_at ?? null,
        doors_at: date.doors_at ?? null,
        sales_start: date.sales_start ?? null,
        sales_end: date.sales_end ?? null,
        orphan_rule: body.orphan_rule ?? false,
        max_per_cart: body.max_per_cart ?? 20,
        rotating_codes: body.rotating_codes ?? false,
        holder_change_until: date.holder_change_until ?? null,
        exchange_until: date.exchange_until ?? null,
        accessible_until: date.accessible_until ?? null,
      };
    }),
  );
  for (const event of events) {
    await setMaps(tx, ctx.company_id, event.id, map_ids);
    await insertChannels(tx, ctx.company_id, event.id, interfaces);
    await auditEvent(tx, ctx, {
      ...{ action: 'event.create', subject_type: 'event', subject_id: event.id },
      after: { ...event, map_ids, interfaces },
    });
    await tellOfEvent(tx, ctx, event.id, { status: 'draft' });
  }
  return events;
}

function interfacesFaults(ctx: Context, interfaces: NonNullable<EventCreate['interfaces']>): FieldFault[] {
  const own = interfaces.some(({ interface_id }) => interface_id === ctx.interface.id);
  return [
    ...(own ? [] : [fault('/interfaces', `Must have interface ${ctx.interface.id}, that of the request.`)]),
    ...interfaces.flatMap(({ sales_start, sales_end }, i) =>
      inOrder([sales_start, 'sales_start'], [sales_end, 'sales_end'], `/interfaces/${i}`),
    ),
  ];
}
