import { createEvent, type DateTime } from 'ics';
import type { Sheet } from './sheet.ts';

/** How long an event lasts in calendars when its end is not known. */
const USUAL_HOURS = 2;

/** A ticket's date as an iCalendar file (RFC 5545): opened by any calendar, updated when it is opened again. */
export function ticketCalendar(sheet: Sheet): string {
  const { id, event, starts_at, ends_at, venue, type, place } = sheet;
  const { error, value } = createEvent({
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
    description: [type, place].filter((line) => line !== null).join('\n'),
    organizer: { name: sheet.company },
    busyStatus: 'BUSY',
  });
  if (!value) throw error ?? new Error('the calendar file was not written');
  return value;
}

const utc = (at: Date): DateTime => [
  at.getUTCFullYear(),
  at.getUTCMonth() + 1,
  at.getUTCDate(),
  at.getUTCHours(),
  at.getUTCMinutes(),
];
