import { createEvents, type DateTime, type EventAttributes } from 'ics';
import type { Sheet } from './sheet.ts';

/** How long an event lasts in calendars when its end is not known. */
const USUAL_HOURS = 2;

/**
 * The dates of tickets as an iCalendar file (RFC 5545): opened by any calendar, updated when it is opened again. Several
 * tickets for an event are one date, under the id of the first.
 * @param sheets at least one
 */
export function ticketCalendar(sheets: readonly Sheet[]): string {
  const firsts = new Map(sheets.toReversed().map((sheet) => [sheet.event_id, sheet]));
  const dates = [...firsts.values()].sort((a, b) => a.starts_at.getTime() - b.starts_at.getTime());
  const { error, value } = createEvents(
    dates.map((first) =>
      dateOf(
        first,
        sheets.filter(({ event_id }) => event_id === first.event_id),
      ),
    ),
  );
  if (!value) throw error ?? new Error('the calendar file was not written');
  return value;
}

const dateOf = (first: Sheet, all: readonly Sheet[]): EventAttributes => {
  const { id, event, starts_at, ends_at, venue, company } = first;
  return {
    uid: id,
    productId: 'ticketing-api',
    title: event,
    start: utc(starts_at),
    startInputType: 'utc',
    startOutputType: 'utc',
    ...(ends_at
      ? { end: utc(ends_at), endInputType: 'utc' as const, endOutputType: 'utc' as const }
      : { duration: { hours: USUAL_HOURS } }),
    location: venue.join(', '),
    description: all
      .map(({ type, place }) => [type, place].filter((words) => words !== null).join('\n'))
      .join('\n'),
    organizer: { name: company },
    busyStatus: 'BUSY',
  };
};

const utc = (at: Date): DateTime => [
  at.getUTCFullYear(),
  at.getUTCMonth() + 1,
  at.getUTCDate(),
  at.getUTCHours(),
  at.getUTCMinutes(),
];
