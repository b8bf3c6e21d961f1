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

/** How long after its start an event without an end may still go on: tickets are sold and good for so long. */
export const LATE_WITHOUT_END_MS = 24 * 3_600_000;

/**
 * When the sale of an event ends that has neither an end nor an end of sales: when it starts, and at its box office a day
 * later. Null: where one of them is set, that says it.
 */
export const endOfOpenSale = (
  { starts_at, ends_at }: { starts_at: Date; ends_at: Date | null },
  { sales_end }: SalesWindow,
  boxOffice: boolean,
): Date | null =>
  ends_at || sales_end ? null : boxOffice ? new Date(starts_at.getTime() + LATE_WITHOUT_END_MS) : starts_at;

/**
 * Whether something of an event can be bought, and if not, why.
 * @param available how many are left; null: no limit
 * @param boxOffice for one who may sell while it goes on
 */
export function salesStatus(
  event: { status: EventStatus; starts_at: Date; ends_at: Date | null },
  window: SalesWindow,
  available: number | null,
  { now, boxOffice }: { now: Date; boxOffice: boolean },
): SalesStatus {
  const { sales_start } = window;
  if (event.status === 'cancelled') return 'cancelled';
  const end = event.ends_at ?? endOfOpenSale(event, window, boxOffice);
  if (event.status === 'ended' || (end && end <= now) || (window.sales_end && window.sales_end <= now))
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
