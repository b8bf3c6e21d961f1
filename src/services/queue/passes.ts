import { type Context, seesEverything } from '../../context.ts';
import { type Database, statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { AppError } from '../../errors.ts';
import type { Wanted } from '../carts/wanted.ts';
import { callerOf } from './join.ts';
import { mayUsePlace } from './place.ts';
import { type PlaceRow, STATUS_NOW, USE_OF_PLACE } from './row.ts';

/** What is to be held, for which cart, and the passes that the caller goes by. */
export interface PassAsk {
  ctx: Context;
  cart_id: string;
  wanted: readonly Wanted[];
  /** Places that the caller names; a user's own count in any case. */
  place_ids?: readonly string[] | undefined;
  /** A pass by which something was bought will do while it lasts: for an exchange of that. */
  spent?: boolean;
}

/** A cart that may hold something of an event: by a pass, or (no place) because the box office does it. */
export interface Entry {
  cart_id: string;
  event_id: number;
  place_id: string | null;
}

export interface Passes {
  /**
   * The entries that a hold needs and its cart does not have yet.
   * @throws AppError queue_required
   */
  require(ask: PassAsk): Entry[];
  /** Entries that were granted: the next of a batch must see them. */
  take(entries: readonly Entry[]): void;
}

type Pass = Pick<
  PlaceRow,
  'id' | 'event_id' | 'interface_id' | 'client_id' | 'user_id' | 'status' | 'cart_id' | 'pass_expires_at'
> & { good: boolean };

/** Events with a gate of which something is wanted. What a plan includes is sold by the plan. */
const gatedIn = (wanted: readonly Wanted[]): number[] => [
  ...new Set(
    wanted.flatMap((w) => (w.offer.gated && !w.plan && w.form !== 'plan' ? [w.offer.event_id] : [])),
  ),
];

/** Is any of it behind a gate? */
export const isGated = (wanted: readonly Wanted[]): boolean => gatedIn(wanted).length > 0;

const NONE: Passes = { require: () => [], take() {} };

// By key alone: of a hundred thousand who wait for the same event nobody else is looked at.
const OF_CALLERS = `p.company_id = $1 AND p.id = ANY(ARRAY(
  SELECT unnest($3::uuid[]) UNION SELECT o.id FROM queue_place o
  WHERE o.company_id = $1 AND o.event_id = ANY($2::int[]) AND o.interface_id = ANY($5::int[])
    AND o.caller = ANY($4::text[]) AND o.caller IS NOT NULL AND o.status IN ('waiting', 'admitted')))`;
const LOCK = statement(
  'queue_pass_lock',
  `SELECT p.id FROM queue_place p WHERE ${OF_CALLERS} AND p.status = 'admitted' ORDER BY p.id FOR UPDATE`,
);
const READ = statement(
  'queue_pass_read',
  `SELECT p.id, p.event_id, p.interface_id, p.client_id, p.user_id, ${STATUS_NOW} AS status, u.cart_id,
     p.pass_expires_at, coalesce(p.pass_expires_at > now(), false) AS good
   FROM queue_place p LEFT JOIN ${USE_OF_PLACE} WHERE ${OF_CALLERS}`,
);
const ENTRIES = statement(
  'queue_entries',
  'SELECT cart_id, event_id FROM queue_entry WHERE company_id = $1 AND cart_id = ANY($2::uuid[])',
);
const INSERT = statement(
  'queue_entry_insert',
  `INSERT INTO queue_entry (company_id, cart_id, event_id, place_id)
   SELECT $1, r.* FROM unnest($2::uuid[], $3::int[], $4::uuid[]) AS r (cart_id, event_id, place_id)
   ON CONFLICT DO NOTHING`,
);

/**
 * The passes that holds go by; without an event behind a gate no statement is sent.
 * @param lock in the transaction that uses them, so that two carts cannot be opened under one pass. Before the locks of
 *   carts: whoever has locked one waits for no place
 */
export async function passesFor(
  reader: Tx | Database,
  company_id: number,
  asks: readonly PassAsk[],
  lock: boolean,
): Promise<Passes> {
  const gated = asks.filter(({ wanted }) => isGated(wanted));
  if (!gated.length) return NONE;
  const values = [
    company_id,
    [...new Set(gated.flatMap(({ wanted }) => gatedIn(wanted)))],
    gated.flatMap(({ place_ids = [] }) => place_ids),
    gated.flatMap(({ ctx }) => callerOf(ctx, null) ?? []),
    [...new Set(gated.map(({ ctx }) => ctx.interface.id))],
  ];
  const carts = gated.map(({ cart_id }) => cart_id);
  const [, passes, entries] = await Promise.all([
    lock && reader.query(LOCK, values), // first: what is read then stays as it is
    reader.query<Pass>(READ, values),
    reader.query<Pick<Entry, 'cart_id' | 'event_id'>>(ENTRIES, [company_id, carts]),
  ]);
  return known(passes, entries);
}

function known(passes: readonly Pass[], entries: readonly Pick<Entry, 'cart_id' | 'event_id'>[]): Passes {
  const inside = new Set(entries.map(({ cart_id, event_id }) => `${cart_id} ${event_id}`));
  const inUse = new Map(passes.flatMap(({ id, cart_id }) => (cart_id ? [[id, cart_id] as const] : [])));
  const entryFor = (ask: PassAsk, event_id: number): Entry => {
    const { ctx, cart_id } = ask;
    if (seesEverything(ctx)) return { cart_id, event_id, place_id: null };
    const own = passes.filter((pass) => pass.event_id === event_id && mayUsePlace(ctx, pass));
    const pass = own.find(
      ({ id, status, good }) =>
        good && ((status === 'admitted' && !inUse.has(id)) || (ask.spent === true && status !== 'left')),
    );
    if (!pass) throw queueRequired(event_id, own, inUse);
    return { cart_id, event_id, place_id: ask.spent ? null : pass.id };
  };
  return {
    require: (ask) =>
      gatedIn(ask.wanted).flatMap((event_id) =>
        inside.has(`${ask.cart_id} ${event_id}`) ? [] : [entryFor(ask, event_id)],
      ),
    take(taken) {
      for (const { cart_id, event_id, place_id } of taken) {
        inside.add(`${cart_id} ${event_id}`);
        if (place_id) inUse.set(place_id, cart_id);
      }
    },
  };
}

/** In the order in which they are told: the one that lacks least comes first. */
const REASONS = {
  in_use: 'A cart is open under your pass already: go on with that one, or cancel it.',
  waiting: 'You are still waiting in the queue of this event.',
  used: 'Your pass was used: queue again to buy more.',
  expired: 'Your pass has run out: queue again.',
  no_place: 'This event is sold to those who queued for it: take a place first.',
} as const;

/** The refusal of a hold without a pass: why, and where to queue. */
function queueRequired(event_id: number, own: readonly Pass[], inUse: ReadonlyMap<string, string>): AppError {
  const reasonOf = ({ id, status, good }: Pass): keyof typeof REASONS => {
    if (status === 'waiting' || status === 'used') return status;
    return status === 'admitted' && good && inUse.has(id) ? 'in_use' : 'expired';
  };
  const reasons = Object.keys(REASONS) as (keyof typeof REASONS)[];
  const place = own
    .filter(({ status }) => status !== 'left')
    .sort((a, b) => reasons.indexOf(reasonOf(a)) - reasons.indexOf(reasonOf(b)))[0];
  const reason = place ? reasonOf(place) : 'no_place';
  const cart_id = place && inUse.get(place.id);
  return new AppError('queue_required', REASONS[reason], {
    event_id,
    reason,
    queue: `/events/${event_id}/queue`,
    ...(place && { place_id: place.id }),
    ...(reason === 'in_use' && cart_id && { cart_id }),
  });
}

/**
 * Refuses a hold without a pass before it takes any lock: those who did not queue do not slow down those who did.
 * @throws AppError queue_required
 */
export async function requirePasses(ask: PassAsk): Promise<void> {
  if (seesEverything(ask.ctx) || !isGated(ask.wanted)) return;
  (await passesFor(ask.ctx.system.db, ask.ctx.company_id, [ask], false)).require(ask);
}

/** Writes down which carts have come in. */
export async function insertEntries(tx: Tx, company_id: number, entries: readonly Entry[]): Promise<void> {
  if (!entries.length) return;
  await tx.execute(INSERT, [
    company_id,
    entries.map(({ cart_id }) => cart_id),
    entries.map(({ event_id }) => event_id),
    entries.map(({ place_id }) => place_id),
  ]);
}
