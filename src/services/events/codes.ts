import type { z } from 'zod';
import { type Context, seesEverything } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { notFound } from '../../errors.ts';
import type { Code } from '../../schemas/events.ts';
import { appliesTo } from '../pricing/codes.ts';
import { priceLine } from '../pricing/price.ts';
import type { AppliedCode } from '../pricing/types.ts';
import { type EventRow, loadEvent, type TicketTypeRow, translated } from './row.ts';
import { ticketTerms } from './terms.ts';

export type CodeView = z.output<typeof Code>;

export interface CodeRow extends AppliedCode {
  event_id: number;
  max_uses_per_user: number | null;
  starts_at: Date | null;
  ends_at: Date | null;
  /** Uses left; null without a limit. Those of carts whose hold has run out are free again. */
  remaining: number | null;
  updated_at: Date;
}

// As it was written first, for codes that differ in case alone.
const FIND = statement(
  'event_code',
  `SELECT d.id, d.event_id, d.code, d.kind, d.value, coalesce(d.ticket_type_ids, '{}') AS ticket_type_ids,
     d.stackable, d.max_uses_per_user, d.starts_at, d.updated_at,
     d.ends_at, d.max_uses - d.used - d.held + overdue.uses AS remaining
   FROM code d, LATERAL (
     SELECT count(*)::int AS uses FROM cart c
     JOIN cart_code k ON k.company_id = c.company_id AND k.cart_id = c.id
     WHERE c.company_id = d.company_id AND c.status = 'open' AND c.expires_at <= now()
       AND k.code_id = d.id AND k.status = 'held') AS overdue
   WHERE d.company_id = $1 AND d.event_id = $2 AND upper(d.code) = upper($3) AND d.active
     AND (d.starts_at IS NULL OR d.starts_at <= now()) AND (d.ends_at IS NULL OR d.ends_at > now())
     AND (d.max_uses IS NULL OR d.used + d.held - overdue.uses < d.max_uses)
   ORDER BY d.code = $3 DESC, d.id LIMIT 1`,
);

// For those who manage codes: by its id, whether or not it can be applied.
const BY_ID = statement(
  'event_code_by_id',
  `SELECT d.id, d.event_id, d.code, d.kind, d.value, d.ticket_type_ids, d.stackable, d.max_uses_per_user, d.starts_at,
     d.ends_at, d.updated_at, d.max_uses - d.used - d.held AS remaining
   FROM code d WHERE d.company_id = $1 AND d.event_id = $2 AND d.id = $3`,
);

/**
 * The codes that a caller names, as what is kept for codes asks for them.
 * @returns none for a code that is not valid now
 */
export async function codeIds(ctx: Context, event_id: number, code: string | undefined): Promise<number[]> {
  const found = await findCode(ctx, event_id, code);
  return found ? [found.id] : [];
}

async function findById(ctx: Context, event_id: number, text: string): Promise<CodeRow | undefined> {
  if (!/^[1-9]\d{0,8}$/.test(text)) return undefined;
  return (await ctx.system.db.query<CodeRow>(BY_ID, [ctx.company_id, event_id, Number(text)]))[0];
}

/** A code of an event that can be applied at this moment; undefined for none, or one that is unknown, spent or not running. */
export async function findCode(
  ctx: Context,
  event_id: number,
  code: string | undefined,
): Promise<CodeRow | undefined> {
  if (code === undefined) return undefined;
  return (await ctx.system.db.query<CodeRow>(FIND, [ctx.company_id, event_id, code]))[0];
}

/** Whether a code opens a ticket type that needs one. */
export const unlocks = (code: AppliedCode, ticket_type_id: number): boolean =>
  code.kind === 'access' && appliesTo(code, { kind: 'ticket', ticket_type_id });

/**
 * What a promotion or access code would do: the types it is good for, priced with it.
 * `sell` and `admin` may name one by its id, too, even if it cannot be applied.
 * @throws AppError not_found for a code that is unknown, spent, inactive or outside its window
 */
export async function getCode(ctx: Context, event_id: number, text: string): Promise<CodeView> {
  const [event, found] = await Promise.all([loadEvent(ctx, event_id), findCode(ctx, event_id, text)]);
  const code = found ?? (seesEverything(ctx) ? await findById(ctx, event_id, text) : undefined);
  if (!code) throw notFound('Code');
  return {
    code: code.code,
    event_id,
    kind: code.kind,
    value: code.value,
    currency: event.currency,
    stackable: code.stackable,
    max_uses_per_user: code.max_uses_per_user,
    starts_at: code.starts_at,
    ends_at: code.ends_at,
    ticket_types: event.ticket_types
      .filter(({ id }) => appliesTo(code, { kind: 'ticket', ticket_type_id: id }))
      .filter((type) => !type.access_code_required || unlocks(code, type.id) || seesEverything(ctx))
      .map((type) => withCode(ctx, event, type, code)),
    ...(seesEverything(ctx) && { id: code.id, remaining: code.remaining, updated_at: code.updated_at }),
  };
}

function withCode(
  ctx: Context,
  event: EventRow,
  type: TicketTypeRow,
  code: AppliedCode,
): CodeView['ticket_types'][number] {
  const terms = ticketTerms(type, event.extra_fee, ctx.now, type.counted);
  const line = { id: code.code, kind: 'ticket', ticket_type_id: type.id, quantity: 1, terms } as const;
  const { unit_price, discount, fee, tax, total } = priceLine(line, [code]);
  return {
    ticket_type_id: type.id,
    name: translated(type, ctx.language).name,
    unlocked: type.access_code_required && unlocks(code, type.id),
    price: unit_price,
    discount,
    fee,
    tax,
    total,
  };
}
