/** When something may be bought. Null: no limit on that side. */
export interface SalesWindow {
  sales_start: Date | null;
  sales_end: Date | null;
}

export type EventStatus = 'draft' | 'published' | 'paused' | 'cancelled' | 'ended';
export type SalesStatus = 'scheduled' | 'on_sale' | 'paused' | 'sold_out' | 'ended' | 'cancelled';
export type AvailabilityLevel = 'none' | 'low' | 'high';

/** The time in which all of the windows are open: the event's, the interface's, the ticket type's. */
export function salesWindow(...windows: SalesWindow[]): SalesWindow {
  const times = (side: keyof SalesWindow) => windows.flatMap((w) => w[side]?.getTime() ?? []);
  const starts = times('sales_start');
  const ends = times('sales_end');
  return {
    sales_start: starts.length ? new Date(Math.max(...starts)) : null,
    sales_end: ends.length ? new Date(Math.min(...ends)) : null,
  };
}

/**
 * Whether something of an event can be bought, and if not, why.
 * @param available how many are left; null: no limit
 */
export function salesStatus(
  event: { status: EventStatus; ends_at: Date | null },
  { sales_start, sales_end }: SalesWindow,
  available: number | null,
  now: Date,
): SalesStatus {
  if (event.status === 'cancelled') return 'cancelled';
  if (event.status === 'ended' || (event.ends_at && event.ends_at <= now) || (sales_end && sales_end <= now))
    return 'ended';
  if (event.status === 'paused') return 'paused';
  if (event.status === 'draft' || (sales_start && sales_start > now)) return 'scheduled';
  return available === null || available > 0 ? 'on_sale' : 'sold_out';
}

/** How much is left, told without numbers: `low` is under a tenth. Null: no limit. */
export function availabilityLevel(available: number | null, capacity: number | null): AvailabilityLevel {
  if (available === null || capacity === null) return 'high';
  if (available <= 0) return 'none';
  return available * 10 < capacity ? 'low' : 'high';
}
