import { parse } from 'csv-parse/sync';
import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { AppError, type FieldFault, fieldError } from '../../errors.ts';
import { Guest, type IssueCourtesies } from '../../schemas/courtesies.ts';

/** Somebody who is to get a courtesy. */
export interface Invited {
  /** Place in the request, from 1. */
  row: number;
  first_name: string | null;
  last_name: string | null;
  email: string | null;
  document_number: string | null;
  seat_id: number | null;
  user_id: number | null;
}

/** A row of the request that is none. */
export interface BadRow {
  row: number;
  faults: FieldFault[];
}

/** Rows of a CSV that one request may bring. */
const MOST = 10_000;
const COLUMNS = ['first_name', 'last_name', 'email', 'document_number', 'seat_id'];

const USERS = statement(
  'courtesy_users',
  `SELECT id, first_name, last_name, email, document_number FROM user_account
   WHERE company_id = $1 AND id = ANY($2::int[]) AND active`,
);

/**
 * Those whom a request names: in its body, as users, or in a CSV.
 * @returns the good rows, and those that are none with every fault of each
 * @throws AppError validation_failed for a CSV that is no table of guests
 */
export async function invitedBy(
  ctx: Context,
  { guests, users, csv }: Pick<IssueCourtesies, 'guests' | 'users' | 'csv'>,
): Promise<{ invited: Invited[]; bad: BadRow[] }> {
  if (guests) return { invited: guests.map((guest, i) => invitedOf(guest, i + 1)), bad: [] };
  if (users) return usersOf(ctx, users);
  return guestsIn(csv ?? '');
}

const invitedOf = (guest: Guest, row: number, user_id: number | null = null): Invited => ({
  row,
  first_name: guest.first_name,
  last_name: guest.last_name ?? null,
  email: guest.email ?? null,
  document_number: guest.document_number ?? null,
  seat_id: guest.seat_id ?? null,
  user_id,
});

type Account = Omit<Invited, 'row' | 'seat_id' | 'user_id'> & { id: number };

async function usersOf(ctx: Context, ids: readonly number[]): Promise<{ invited: Invited[]; bad: BadRow[] }> {
  const rows = await ctx.system.db.query<Account>(USERS, [ctx.company_id, ids]);
  const byId = new Map(rows.map((row) => [row.id, row]));
  const invited: Invited[] = [];
  const bad: BadRow[] = [];
  const named = new Set<number>();
  for (const [i, id] of ids.entries()) {
    const account = byId.get(id);
    const row = i + 1;
    if (named.has(id)) bad.push({ row, faults: [fault(`/users/${i}`, 'duplicate', 'Named before.')] });
    else if (!account) bad.push({ row, faults: [fault(`/users/${i}`, 'not_found', 'No such user.')] });
    else {
      const { id: user_id, ...person } = account;
      invited.push({ row, ...person, seat_id: null, user_id });
    }
    named.add(id);
  }
  return { invited, bad };
}

/** @throws AppError validation_failed */
function guestsIn(csv: string): { invited: Invited[]; bad: BadRow[] } {
  const records = tableOf(csv);
  const invited: Invited[] = [];
  const bad: BadRow[] = [];
  for (const [i, record] of records.entries()) {
    const row = i + 1;
    const { seat_id, ...cells } = Object.fromEntries(
      Object.entries(record).filter(([, cell]) => cell !== ''),
    );
    const guest = Guest.safeParse({
      ...cells,
      ...(seat_id !== undefined && { seat_id: /^\d+$/.test(seat_id) ? Number(seat_id) : seat_id }),
    });
    if (guest.success) invited.push(invitedOf(guest.data, row));
    else
      bad.push({
        row,
        faults: guest.error.issues.map(({ path, code, message }) =>
          path[0] === 'first_name' && !cells.first_name
            ? fault(`/csv/${row}/first_name`, 'required', 'Required.')
            : fault(['/csv', row, ...path].join('/'), code, message),
        ),
      });
  }
  return { invited, bad };
}

const DELIMITERS = [',', ';', '\t'];

/** What separates the names of the columns separates the cells: others are part of what people are called. */
function delimiterOf(csv: string): string {
  const [heading = ''] = csv.trimStart().split(/[\r\n]/, 1);
  const times = (delimiter: string) => heading.split(delimiter).length;
  return DELIMITERS.reduce((best, next) => (times(next) > times(best) ? next : best));
}

function tableOf(csv: string): Record<string, string>[] {
  let records: string[][];
  try {
    records = parse(csv, {
      ...{ bom: true, trim: true, skip_empty_lines: true, relax_column_count: true },
      delimiter: delimiterOf(csv),
    });
  } catch {
    throw fieldError('/csv', 'No CSV: a quote is not closed, or stands where none may.');
  }
  const [heading = [], ...rows] = records;
  const names = heading.map((name) => name.toLowerCase().replaceAll(' ', '_'));
  const unknown = names.filter((name) => !COLUMNS.includes(name));
  if (unknown.length || !names.includes('first_name') || new Set(names).size < names.length)
    throw fieldError(
      '/csv',
      `The first line names the columns: first_name, and of ${COLUMNS.join(', ')} the others.`,
    );
  if (!rows.length || rows.length > MOST) throw fieldError('/csv', `1 to ${MOST} guests in one request.`);
  return rows.map((cells) => {
    // A cell beyond the heading is nobody's: the row is wrong, and says so.
    const extra = cells.slice(names.length).filter(Boolean);
    return Object.fromEntries([
      ...names.map((name, i) => [name, cells[i] ?? '']),
      ...(extra.length ? [['unnamed', extra.join(' ')]] : []),
    ]);
  });
}

const fault = (pointer: string, code: string, message: string): FieldFault => ({ pointer, code, message });

/** Most faults that one answer lists. */
const MAX_FAULTS = 100;

/** The refusal of a request whose rows must all be good. */
export const badRows = (bad: readonly BadRow[]): AppError =>
  new AppError(
    'validation_failed',
    `Not valid: row ${bad
      .map(({ row }) => row)
      .slice(0, MAX_FAULTS)
      .join(', ')}.`,
    {
      errors: bad.flatMap(({ faults }) => faults).slice(0, MAX_FAULTS),
    },
  );
