import type { z } from 'zod';
import type { Context } from '../../context.ts';
import type { Gate } from '../../schemas/events.ts';
import { loadEvent } from './row.ts';

/**
 * The gates of an event, by name.
 * @throws AppError not_found for an event that the caller may not see
 */
export async function listGates(ctx: Context, event_id: number): Promise<z.output<typeof Gate>[]> {
  await loadEvent(ctx, event_id);
  return ctx.system.db.prisma.gate.findMany({
    omit: { company_id: true },
    where: { company_id: ctx.company_id, event_id },
    orderBy: [{ name: 'asc' }, { id: 'asc' }],
  });
}
