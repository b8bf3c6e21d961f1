import type { Context } from '../../context.ts';
import { fieldError, notFound } from '../../errors.ts';
import type { Door } from './door.ts';
import type { Claims } from './judge.ts';

/** What names a ticket at a gate. */
export type Named = { qr_code?: string | undefined; ticket_id?: string | undefined };

/**
 * The door of an event that takes place on the caller's interface, with a gate of it.
 * @throws AppError not_found; validation_failed for a gate of another event
 */
export async function doorAt(ctx: Context, event_id: number, gate_id: number | null): Promise<Door> {
  const door = await ctx.system.doors.of(ctx.system, ctx.company_id, event_id);
  if (!door.interface_ids.has(ctx.interface.id)) throw notFound('Event');
  if (gate_id !== null && !door.gate_ids.has(gate_id))
    throw fieldError('/gate_id', 'No gate of this event.', 'not_found');
  return door;
}

/**
 * What a code says that the company signed; a ticket that is named by its id speaks for itself.
 * @param at when it was scanned by our clock: at a door whose codes rotate, it must be the code of that moment
 */
export async function claimsIn(
  { system, company_id }: Context,
  { qr_code, ticket_id }: Named,
  door: Door,
  at: Date,
): Promise<Claims | undefined> {
  if (qr_code === undefined)
    return ticket_id === undefined ? undefined : { ticketId: ticket_id, eventId: null, serial: null };
  if (!door.rotating) return system.ticketKeys.prove(company_id, qr_code);
  const proved = await system.ticketKeys.proveTimely(company_id, qr_code, at);
  return proved && { ...proved.claims, outdated: !proved.timely };
}

/** Whether staff lets in whatever the rules say, and its words for it. */
export const forceOf = (force: boolean | { reason: string } = false) => ({
  force: force !== false,
  force_reason: typeof force === 'object' ? force.reason : null,
});
