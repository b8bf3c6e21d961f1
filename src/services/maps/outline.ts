import type { z } from 'zod';
import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import type { MapOutline } from '../../schemas/maps.ts';
import { loadEvent } from '../events/row.ts';

export type MapOutlineView = z.output<typeof MapOutline>;

const LOAD = statement(
  'map_outlines',
  `SELECT em.event_id, json_build_object('id', m.id, 'name', m.name, 'width', m.width, 'height', m.height,
     'focal_point', json_build_object('x', m.focal_x, 'y', m.focal_y),
     'sections', (SELECT coalesce(json_agg(json_build_object('id', s.id, 'name', s.name, 'kind', s.kind,
         'capacity', s.capacity, 'shape', s.shape) ORDER BY s.position, s.id), '[]')
       FROM section s WHERE s.company_id = m.company_id AND s.map_id = m.id)) AS map
   FROM event_map em JOIN map m ON m.company_id = em.company_id AND m.id = em.map_id
   WHERE em.company_id = $1 AND em.event_id = ANY($2::int[]) ORDER BY em.event_id, m.id`,
);

/**
 * The maps of an event, without rows and seats.
 * @throws AppError not_found
 */
export async function listMaps(ctx: Context, event_id: number): Promise<MapOutlineView[]> {
  await loadEvent(ctx, event_id);
  return (await mapsOf(ctx, [event_id])).get(event_id) ?? [];
}

/** The maps of several events, by event; one statement. */
export async function mapsOf(
  ctx: Context,
  event_ids: readonly number[],
): Promise<Map<number, MapOutlineView[]>> {
  const rows = await ctx.system.db.query<{ event_id: number; map: MapOutlineView }>(LOAD, [
    ctx.company_id,
    event_ids,
  ]);
  const maps = new Map<number, MapOutlineView[]>(event_ids.map((id) => [id, []]));
  for (const { event_id, map } of rows) maps.get(event_id)?.push(map);
  return maps;
}
