import { LRUCache } from 'lru-cache';
import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { AppError } from '../../errors.ts';
import type { System } from '../../system.ts';
import { stockOf } from '../events/row.ts';
import { ticketTerms } from '../events/terms.ts';
import { priceOf } from '../pricing/price.ts';
import { type Alternative, adjacentSeats, completePairs } from './explain-seats.ts';
import { quantityOf } from './judge.ts';
import type { Wanted } from './wanted.ts';

type WantedTickets = Extract<Wanted, { form: 'general' | 'seats' | 'best' }>;

const RULES = {
  general: 'places_left',
  seats: 'seat_taken',
  best: 'no_seats_as_asked',
  product: 'stock_left',
};

/**
 * Adds to a refusal what its reader can do next: the rule, the items that broke it, when a hold that stands in the way
 * ends, and what could be had instead. Asked only after a refusal and outside every lock; what many are refused at once
 * is looked up once. It never hides the refusal itself: without an explanation that is told as it was.
 */
export async function explained(ctx: Context, wanted: readonly Wanted[], refusal: unknown): Promise<unknown> {
  if (!(refusal instanceof AppError)) return refusal;
  if (refusal.code === 'orphan_seat' || refusal.code === 'companion_seat')
    return seatRuleExplained(ctx, wanted, refusal);
  if (!['seats_unavailable', 'sold_out'].includes(refusal.code)) return refusal;
  const lost = (refusal.facts.unavailable_seat_ids ?? []) as number[];
  const items = wanted.filter((want) =>
    lost.length
      ? want.form === 'seats' && want.seat_ids.some((id) => lost.includes(id))
      : want.item === refusal.facts.item,
  );
  const [want] = items;
  if (!want || want.form === 'plan') return refusal;
  const facts = { rule: RULES[want.form], items: items.map(({ item }) => item) };
  try {
    const more = 'type' in want ? await next(ctx, want as WantedTickets, lost) : {};
    return new AppError(
      refusal.code,
      refusal.message,
      { ...refusal.facts, ...facts, ...more },
      refusal.headers,
    );
  } catch (err) {
    ctx.system.log.warn({ err }, 'a refusal could not be explained');
    return refusal;
  }
}

/** What to choose instead of seats that a rule about seats forbids. */
async function seatRuleExplained(
  ctx: Context,
  wanted: readonly Wanted[],
  refusal: AppError,
): Promise<unknown> {
  const { code, facts } = refusal;
  const here = wanted.flatMap((want) =>
    want.form === 'seats' && want.offer.event_id === facts.event_id ? [want] : [],
  );
  const chosen = here.flatMap(({ seat_ids }) => seat_ids);
  const [first] = here;
  if (!first) return refusal;
  try {
    const alternatives =
      code === 'orphan_seat'
        ? await adjacentSeats(ctx, first.offer, chosen)
        : await completePairs(ctx, first.offer, chosen, facts.accessible_seat_ids as number[]);
    const more = { rule: code, items: here.map(({ item }) => item), alternatives };
    return new AppError(code, refusal.message, { ...facts, ...more }, refusal.headers);
  } catch (err) {
    ctx.system.log.warn({ err }, 'a refusal could not be explained');
    return refusal;
  }
}

async function next(ctx: Context, want: WantedTickets, lost: readonly number[]) {
  const n = quantityOf(want);
  const [adjacent, retry_at, sections, dates] = await Promise.all([
    want.form === 'seats' ? adjacentSeats(ctx, want.offer, want.seat_ids) : [],
    retryAt(ctx.system, want, lost),
    otherSections(ctx, want, n),
    nextDates(ctx, want, n),
  ]);
  return {
    ...(retry_at && { retry_at: retry_at.toISOString() }),
    alternatives: [...adjacent, ...sections, ...dates] as Alternative[],
  };
}

/** How old what is told may be: a hint need not be exact, and a rush of refusals must not become one of queries. */
const FRESH_MS = 500;

const HELD_UNTIL = statement(
  'explain_held_until',
  `SELECT min(c.expires_at) AS at FROM cart c
   JOIN sale_detail l ON l.company_id = c.company_id AND l.cart_id = c.id AND l.status = 'held'
   WHERE c.company_id = $1 AND c.status IN ('open', 'pending_payment') AND c.expires_at > now()
     AND l.event_id = $2 AND l.section_id = ANY($3::int[])`,
);
const SEATS_HELD_UNTIL = statement(
  'explain_seats_held_until',
  `SELECT CASE WHEN bool_and(status = 'held') THEN max(hold_expires_at) END AS at FROM event_seat
   WHERE company_id = $1 AND event_id = $2 AND seat_id = ANY($3::int[])`,
);

/** When what stands in the way may be free again: the end of the holds of the seats, or of the first in the section. */
function retryAt(system: System, want: WantedTickets, lost: readonly number[]): Promise<Date | null> {
  const { company_id, event_id } = want.offer;
  const ask = async (s: typeof HELD_UNTIL, ids: readonly number[]) =>
    (await system.db.query<{ at: Date | null }>(s, [company_id, event_id, ids]))[0]?.at ?? null;
  if (lost.length) return ask(SEATS_HELD_UNTIL, lost);
  const sections = want.form === 'general' ? want.section_ids : want.type.section_ids;
  return shared(system, `held ${company_id} ${event_id} ${sections}`, () => ask(HELD_UNTIL, sections));
}

/** Other sections with room for as many, by what they cost more or less. */
async function otherSections(ctx: Context, want: WantedTickets, n: number): Promise<Alternative[]> {
  const { offer, type } = want;
  const asked = new Set(want.form === 'general' ? want.section_ids : type.section_ids);
  const fee = offer.channels.get(ctx.interface.id)?.extra_fee ?? 0;
  const priced = (t: typeof type) => priceOf(ticketTerms(t, fee, ctx.now)).total;
  const stock = (await stockOf({ ...ctx, scopes: NOBODY }, [offer.event_id])).get(offer.event_id);
  const found: (Alternative & { price: number })[] = [];
  for (const t of offer.ticket_types.values()) {
    if (t.access_code_required || t.members_only || !isOnSale(t, ctx.now)) continue;
    for (const id of t.section_ids) {
      const section = stock?.sections.get(id);
      if (!section || asked.has(id) || section.available < n) continue;
      const more = { section_id: id, name: section.name, ticket_type_id: t.id, price: priced(t) };
      found.push({ kind: 'section', ...more });
    }
  }
  const from = priced(type);
  return found.sort((a, b) => Math.abs(a.price - from) - Math.abs(b.price - from)).slice(0, SHOWN);
}

/** A hint needs no exact count. */
const NOBODY: Context['scopes'] = new Set();

const SHOWN = 3;

const isOnSale = (
  { sales_start, sales_end }: { sales_start: Date | null; sales_end: Date | null },
  now: Date,
) => (!sales_start || sales_start <= now) && (!sales_end || sales_end > now);

const DATES = statement(
  'explain_dates',
  `SELECT e.id AS event_id, e.name, e.starts_at, e.time_zone FROM event a
   JOIN event e ON e.company_id = a.company_id AND e.series_id = a.series_id AND e.starts_at > a.starts_at
     AND e.status = 'published'
   JOIN event_interface i ON i.company_id = e.company_id AND i.event_id = e.id AND i.interface_id = $3
   WHERE a.company_id = $1 AND a.id = $2 ORDER BY e.starts_at, e.id LIMIT ${SHOWN * 2}`,
);

interface NextDate {
  event_id: number;
  name: string;
  starts_at: Date;
  time_zone: string;
}

/** The next dates of the series that have room for as many. */
async function nextDates(ctx: Context, { offer }: WantedTickets, n: number): Promise<Alternative[]> {
  const { system } = ctx;
  const { company_id, event_id } = offer;
  const dates = await shared(system, `dates ${company_id} ${event_id} ${ctx.interface.id}`, () =>
    system.db.query<NextDate>(DATES, [company_id, event_id, ctx.interface.id]),
  );
  if (!dates.length) return [];
  const ids = dates.map((date) => date.event_id);
  const stocks = await stockOf({ ...ctx, scopes: NOBODY }, ids);
  const free = (id: number) =>
    [...(stocks.get(id)?.sections.values() ?? [])].reduce((sum, section) => sum + section.available, 0);
  return dates
    .filter((date) => free(date.event_id) >= n)
    .slice(0, SHOWN)
    .map((date) => ({ kind: 'date', ...date, starts_at: date.starts_at.toISOString() }));
}

const answers = new WeakMap<System, LRUCache<string, Promise<unknown>>>();

/** What many ask at once is asked once. */
function shared<T>(system: System, key: string, ask: () => Promise<T>): Promise<T> {
  let known = answers.get(system);
  if (!known) {
    known = new LRUCache({ max: 10_000, ttl: FRESH_MS });
    answers.set(system, known);
  }
  let answer = known.get(key) as Promise<T> | undefined;
  if (!answer) {
    answer = ask();
    known.set(key, answer);
    answer.catch(() => known.delete(key));
  }
  return answer;
}
