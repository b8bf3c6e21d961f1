import type { z } from 'zod';
import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { type Tx, transaction } from '../../db/transaction.ts';
import { AppError, notFound } from '../../errors.ts';
import type { VenueCreate, VenuePatch } from '../../schemas/places.ts';
import type { Venue } from '../../schemas/resources.ts';
import { recordAudit } from '../audit.ts';
import { assertFresh } from '../fresh.ts';
import { assertCountryAndState } from './country.ts';

export type VenueView = z.output<typeof Venue>;

const COLUMNS = `id, name, line1, city, postal_code, country_id, state_id, time_zone, latitude, longitude, created_at,
  updated_at`;

const INSERT = statement(
  'venue_insert',
  `INSERT INTO venue (company_id, name, line1, city, postal_code, country_id, state_id, time_zone, latitude, longitude)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING ${COLUMNS}`,
);
const LOCK = statement(
  'venue_lock',
  `SELECT ${COLUMNS} FROM venue WHERE company_id = $1 AND id = $2 FOR UPDATE`,
);
const UPDATE = statement(
  'venue_update',
  `UPDATE venue SET name = $3, line1 = $4, city = $5, postal_code = $6, country_id = $7, state_id = $8, time_zone = $9,
     latitude = $10, longitude = $11, updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND id = $2 RETURNING ${COLUMNS}`,
);
const DELETE = statement('venue_delete', 'DELETE FROM venue WHERE company_id = $1 AND id = $2');
const USES = statement(
  'venue_uses',
  `SELECT ARRAY (SELECT id FROM event WHERE company_id = $1 AND venue_id = $2 ORDER BY id LIMIT 100) AS event_ids,
     ARRAY (SELECT id FROM map WHERE company_id = $1 AND venue_id = $2 ORDER BY id LIMIT 100) AS map_ids`,
);

const valuesOf = (venue: Omit<VenueView, 'id' | 'created_at' | 'updated_at'>) => [
  venue.name,
  venue.line1,
  venue.city,
  venue.postal_code,
  venue.country_id,
  venue.state_id,
  venue.time_zone,
  venue.latitude,
  venue.longitude,
];

/**
 * Writes a new venue.
 * @throws AppError validation_failed for a country or state that does not exist
 */
export function createVenue(ctx: Context, body: z.output<typeof VenueCreate>): Promise<VenueView> {
  const { name, time_zone, line1 = null, city = null, postal_code = null } = body;
  const { country_id = null, state_id = null, latitude = null, longitude = null } = body;
  const venue = { name, time_zone, line1, city, postal_code, country_id, state_id, latitude, longitude };
  return transaction(ctx, async (tx) => {
    await assertCountryAndState(tx, country_id, state_id);
    const [created] = await tx.query<VenueView>(INSERT, [ctx.company_id, ...valuesOf(venue)]);
    await audit(tx, ctx, 'create', null, created as VenueView);
    return created as VenueView;
  });
}

/**
 * Changes what is given and leaves the rest. Events keep the search text of their own.
 * @throws AppError not_found, precondition_failed, validation_failed
 */
export function updateVenue(
  ctx: Context,
  venue_id: number,
  changes: z.output<typeof VenuePatch>,
): Promise<VenueView> {
  return transaction(ctx, async (tx) => {
    const before = await lockVenue(tx, ctx, venue_id);
    const after = { ...before, ...(changes as Partial<VenueView>) };
    await assertCountryAndState(tx, after.country_id, after.state_id);
    const [updated] = await tx.query<VenueView>(UPDATE, [ctx.company_id, venue_id, ...valuesOf(after)]);
    await audit(tx, ctx, 'update', before, updated as VenueView);
    return updated as VenueView;
  });
}

/**
 * Deletes a venue that nothing takes place at.
 * @throws AppError not_found, precondition_failed; conflict naming the events and maps that are there
 */
export function deleteVenue(ctx: Context, venue_id: number): Promise<void> {
  return transaction(ctx, async (tx) => {
    const before = await lockVenue(tx, ctx, venue_id);
    // What would refer to it from now on waits for our lock, and then finds it gone.
    const [uses] = await tx.query<{ event_ids: number[]; map_ids: number[] }>(USES, [
      ctx.company_id,
      venue_id,
    ]);
    if (uses?.event_ids.length || uses?.map_ids.length)
      throw new AppError('conflict', 'Events or maps are at this venue: move them first.', { ...uses });
    await tx.execute(DELETE, [ctx.company_id, venue_id]);
    await audit(tx, ctx, 'delete', before, null);
  });
}

async function lockVenue(tx: Tx, ctx: Context, venue_id: number): Promise<VenueView> {
  const [venue] = await tx.query<VenueView>(LOCK, [ctx.company_id, venue_id]);
  if (!venue) throw notFound('Venue');
  assertFresh(ctx, venue.updated_at);
  return venue;
}

const audit = (tx: Tx, ctx: Context, act: string, before: VenueView | null, after: VenueView | null) =>
  recordAudit(tx, ctx, {
    action: `venue.${act}`,
    subject_type: 'venue',
    subject_id: String((after ?? before)?.id),
    before: before && { ...before },
    after: after && { ...after },
  });
