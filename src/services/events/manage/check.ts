import type { Context } from '../../../context.ts';
import { statement } from '../../../db/client.ts';
import type { Tx } from '../../../db/transaction.ts';
import { AppError, type FieldFault } from '../../../errors.ts';

/** A fault that only a service can see. */
export const fault = (pointer: string, message: string, code = 'invalid'): FieldFault => ({
  pointer,
  code,
  message,
});

/** @throws AppError validation_failed when there is any */
export function refuseFaults(errors: readonly FieldFault[]): void {
  if (errors.length)
    throw new AppError(
      'validation_failed',
      `Not valid: ${errors.map(({ pointer }) => pointer).join(', ')}.`,
      {
        errors: [...errors],
      },
    );
}

type Moment = Date | string | null | undefined;

/** One moment must come before another, where both are given. */
export const inOrder = (
  [first, firstName]: readonly [Moment, string],
  [second, secondName]: readonly [Moment, string],
  at = '',
): FieldFault[] =>
  first && second && new Date(first) >= new Date(second)
    ? [fault(`${at}/${secondName}`, `Must be later than ${firstName}.`)]
    : [];

export interface Times {
  starts_at: Date;
  ends_at?: Moment;
  doors_at?: Moment;
  sales_start?: Moment;
  sales_end?: Moment;
}

/** Faults of the times of an event among each other. */
export const timesFaults = (t: Times, at = ''): FieldFault[] => [
  ...inOrder([t.starts_at, 'starts_at'], [t.ends_at, 'ends_at'], at),
  ...(t.doors_at && new Date(t.doors_at) > new Date(t.starts_at)
    ? [fault(`${at}/doors_at`, 'Must not be later than starts_at.')]
    : []),
  ...inOrder([t.sales_start, 'sales_start'], [t.sales_end, 'sales_end'], at),
];

const KNOWN = statement(
  'event_references',
  `SELECT
     (SELECT json_build_object('name', v.name, 'city', v.city, 'time_zone', v.time_zone)
      FROM venue v WHERE v.company_id = $1 AND v.id = $2) AS venue,
     EXISTS (SELECT FROM category c WHERE c.company_id = $1 AND c.id = $3) AS category,
     EXISTS (SELECT FROM currency c WHERE c.code = $4) AS currency,
     ARRAY (SELECT m.id FROM map m WHERE m.company_id = $1 AND m.id = ANY($5::int[])) AS maps,
     ARRAY (SELECT i.id FROM interface i WHERE i.company_id = $1 AND i.id = ANY($6::int[]) AND i.active) AS interfaces,
     ARRAY (SELECT DISTINCT s.kind::text FROM section s WHERE s.company_id = $1 AND s.map_id = ANY($5::int[])) AS kinds`,
);

export interface References {
  venue_id?: number | null | undefined;
  category_id?: number | null | undefined;
  currency?: string | undefined;
  map_ids?: readonly number[] | undefined;
  interface_ids?: readonly number[] | undefined;
}

interface Known {
  venue: { name: string; city: string | null; time_zone: string } | null;
  category: boolean;
  currency: boolean;
  maps: number[];
  interfaces: number[];
  kinds: ('seated' | 'general')[];
}

/** Looks up what an event refers to, and names what does not exist in the company. */
export async function lookUpReferences(
  tx: Tx,
  { company_id }: Context,
  { venue_id, category_id, currency, map_ids = [], interface_ids = [] }: References,
): Promise<Known & { faults: FieldFault[] }> {
  const values = [
    company_id,
    venue_id ?? null,
    category_id ?? null,
    currency ?? null,
    map_ids,
    interface_ids,
  ];
  const [known] = (await tx.query<Known>(KNOWN, values)) as [Known];
  const missing = (
    ids: readonly number[],
    found: readonly number[],
    pointer: (i: number) => string,
    what: string,
  ) =>
    ids.flatMap((id, i) => {
      if (!found.includes(id)) return [fault(pointer(i), `No such ${what}.`, 'not_found')];
      return ids.indexOf(id) < i ? [fault(pointer(i), 'Named twice.', 'duplicate')] : [];
    });
  const faults = [
    ...(venue_id && !known.venue ? [fault('/venue_id', 'No such venue.', 'not_found')] : []),
    ...(category_id && !known.category ? [fault('/category_id', 'No such category.', 'not_found')] : []),
    ...(currency && !known.currency ? [fault('/currency', 'No such currency.', 'not_found')] : []),
    ...missing(map_ids, known.maps, (i) => `/map_ids/${i}`, 'map'),
    ...missing(interface_ids, known.interfaces, (i) => `/interfaces/${i}/interface_id`, 'interface'),
  ];
  return { ...known, faults };
}

/** What kind of event its maps make it. */
export const seatingOf = ({ kinds }: Pick<Known, 'kinds'>): 'general' | 'seated' | 'mixed' =>
  kinds.length > 1 ? 'mixed' : (kinds[0] ?? 'general');
