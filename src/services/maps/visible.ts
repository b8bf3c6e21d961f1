import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { notFound } from '../../errors.ts';

const VISIBLE = statement(
  'map_visible',
  `SELECT m.version FROM event e
   JOIN event_interface i ON i.company_id = e.company_id AND i.event_id = e.id AND i.interface_id = $2
   JOIN event_map x ON x.company_id = e.company_id AND x.event_id = e.id AND x.map_id = $4
   JOIN map m ON m.company_id = e.company_id AND m.id = x.map_id
   WHERE e.company_id = $1 AND e.id = $3 AND (e.status <> 'draft' OR $5)`,
);

/**
 * Makes sure that the caller may see a map: it is one of an event that sells on this interface and is no draft.
 * @returns the version of the map, which grows with every change of it
 * @throws AppError not_found
 */
export async function requireMap(ctx: Context, event_id: number, map_id: number): Promise<number> {
  const values = [ctx.company_id, ctx.interface.id, event_id, map_id, ctx.scopes.has('admin')];
  const [map] = await ctx.system.db.query<{ version: number }>(VISIBLE, values);
  if (!map) throw notFound('Map');
  return map.version;
}
