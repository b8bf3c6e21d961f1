import type { Context } from '../../../context.ts';
import { statement } from '../../../db/client.ts';
import type { Tx } from '../../../db/transaction.ts';
import { AppError } from '../../../errors.ts';
import type { EventPatch } from '../../../schemas/event-management.ts';
import { assertFresh } from '../../fresh.ts';
import type { EventRecord } from '../lock.ts';
import type { EventView } from '../row.ts';
import { lookUpReferences, refuseFaults, seatingOf, timesFaults } from './check.ts';
import { beginRotation } from './rotation.ts';
import { requireUnsold } from './sold.ts';
import { auditEvent, changeEvent, tellOfEvent } from './touch.ts';
import { eventAfter } from './view.ts';
import { searchText, setMaps, updateEventRow } from './write.ts';

const MAPS = statement(
  'event_maps_of',
  'SELECT map_id FROM event_map WHERE company_id = $1 AND event_id = $2 ORDER BY map_id',
);

const mapsOf = async (tx: Tx, { company_id, id }: EventRecord): Promise<number[]> =>
  (await tx.query<{ map_id: number }>(MAPS, [company_id, id])).map(({ map_id }) => map_id);

/**
 * Changes what is given of an event and leaves the rest. What is held or sold keeps its price.
 * @throws AppError not_found, precondition_failed, validation_failed naming every fault; conflict for an event that is
 *   over, for other maps once it is published, for another currency once something is held or sold, for a slug that is
 *   taken, for codes that are to rotate while tickets are out
 */
export function updateEvent(ctx: Context, event_id: number, patch: EventPatch): Promise<EventView> {
  return changeEvent(ctx, event_id, async (tx, before) => {
    assertFresh(ctx, before.updated_at);
    const map_ids = await mapsOf(tx, before);
    const wanted = patch.map_ids ?? map_ids;
    const merged = { ...before, ...given(patch) };
    const known = await lookUpReferences(tx, ctx, { ...merged, map_ids: wanted });
    refuseFaults([...known.faults, ...timesFaults(merged)]);
    await requireSafe(tx, before, merged, wanted.join() !== map_ids.join());
    const rotates = merged.rotating_codes && !before.rotating_codes;
    if (rotates) await beginRotation(tx, before, patch.end_printed_codes ?? false);
    const { map_ids: _, end_printed_codes: _1, ...columns } = given(patch) as EventPatch;
    const after = await updateEventRow(tx, before, {
      ...columns,
      seating: seatingOf(known),
      search_text: searchText(merged, known.venue),
    });
    if (patch.map_ids) await setMaps(tx, ctx.company_id, event_id, wanted);
    await auditEvent(tx, ctx, {
      ...{ action: 'event.update', subject_type: 'event', subject_id: event_id },
      before: { ...before, map_ids },
      after: { ...after, map_ids: wanted },
    });
    await tellOfEvent(tx, ctx, event_id, {
      changed: Object.keys(patch)
        .filter((name) => name !== 'end_printed_codes')
        .sort(),
    });
    return eventAfter(tx, ctx, event_id);
  });
}

const given = (patch: EventPatch): Partial<EventRecord> =>
  Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));

async function requireSafe(
  tx: Tx,
  before: EventRecord,
  after: EventRecord,
  otherMaps: boolean,
): Promise<void> {
  const { company_id, id, status } = before;
  if (otherMaps && status !== 'draft')
    throw new AppError('conflict', 'The places of a published event are its stock: its maps stay.', {
      event_status: status,
    });
  if (after.currency !== before.currency)
    await requireUnsold(tx, company_id, id, {}, 'Something is held or was sold: the currency stays.');
}
