import type { Sheet } from './sheet.ts';

/** How long an event lasts in calendars when its end is not known. */
const USUAL_MS = 2 * 3_600_000;

/** Bytes of a line at most; what is longer goes on in the next one, behind a space. */
const LINE = 75;

/**
 * The dates of tickets as an iCalendar file (RFC 5545): opened by any calendar, updated when it is opened again. Several
 * tickets for an event are one date, under the id of the first.
 * @param sheets at least one
 */
export function ticketCalendar(sheets: readonly Sheet[]): string {
  const firsts = new Map(sheets.toReversed().map((sheet) => [sheet.event_id, sheet]));
  const dates = [...firsts.values()].sort((a, b) => a.starts_at.getTime() - b.starts_at.getTime());
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//ticketing-api//tickets//EN',
    'CALSCALE:GREGORIAN',
    ...dates.flatMap((first) =>
      dateOf(
        first,
        sheets.filter(({ event_id }) => event_id === first.event_id),
      ),
    ),
    'END:VCALENDAR',
  ];
  return `${lines.map(folded).join('\r\n')}\r\n`;
}

function dateOf({ id, event, starts_at, ends_at, venue, company }: Sheet, all: readonly Sheet[]): string[] {
  const places = all.map(({ type, place }) => [type, place].filter((words) => words !== null).join('\n'));
  return [
    'BEGIN:VEVENT',
    `UID:${id}`,
    `DTSTAMP:${utc(new Date())}`,
    `DTSTART:${utc(starts_at)}`,
    `DTEND:${utc(ends_at ?? new Date(starts_at.getTime() + USUAL_MS))}`,
    `SUMMARY:${escaped(event)}`,
    ...(venue.length ? [`LOCATION:${escaped(venue.join(', '))}`] : []),
    `DESCRIPTION:${escaped([...places, company].join('\n'))}`,
    'TRANSP:OPAQUE',
    'END:VEVENT',
  ];
}

/** `20310704T193000Z` */
const utc = (at: Date): string => `${at.toISOString().replace(/[-:]/g, '').slice(0, 15)}Z`;

/** Text as section 3.3.11 wants it; control characters have no place in it. */
const escaped = (text: string): string =>
  text
    .replace(/\r\n?/g, '\n')
    .replace(/(?!\n)\p{Cc}/gu, '')
    .replace(/[\\;,]/g, '\\$&')
    .replaceAll('\n', '\\n');

/** Lines are counted in bytes, and no character is torn apart (section 3.1). */
function folded(line: string): string {
  let text = '';
  let bytes = 0;
  for (const letter of line) {
    const size = Buffer.byteLength(letter);
    if (bytes + size > LINE) {
      text += '\r\n ';
      bytes = 1;
    }
    text += letter;
    bytes += size;
  }
  return text;
}
