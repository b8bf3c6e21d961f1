import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { AppError, type FieldFault } from '../../errors.ts';
import type { Item } from '../../schemas/carts.ts';
import type { Offer, OfferProduct, OfferTicketType } from '../events/offer.ts';
import { endOfOpenSale, type SalesWindow, salesWindow } from '../events/sales.ts';
import { productTerms, ticketTerms } from '../events/terms.ts';
import { benefitsOf, type EventBenefits } from '../subscriptions/benefits.ts';
import { type PlanItem, type WantedPlan, wantedPlan } from '../subscriptions/wanted.ts';
import { guestAsHolder, type Holder, NOBODY, namedHolder } from './holder.ts';
import type { LineTerms } from './row.ts';

interface WantedBase {
  /** Index in the request, for pointers. */
  item: number;
  offer: Offer;
  /** Locked price of one, from the offer of this moment. */
  terms: LineTerms;
  holder: Holder;
  /** The plan that this is, or that includes it. */
  plan?: WantedPlan;
}

/** What a caller wants held: an item of the request, tied to the offer it was read from. */
export type Wanted =
  | (WantedBase & { form: 'general'; type: OfferTicketType; quantity: number; section_ids: number[] })
  | (WantedBase & { form: 'seats'; type: OfferTicketType; seat_ids: number[] })
  | (WantedBase & { form: 'best'; type: OfferTicketType; ask: BestAsk })
  | (WantedBase & { form: 'product'; product: OfferProduct; quantity: number })
  | (WantedBase & { form: 'plan'; plan: WantedPlan });

export interface BestAsk {
  quantity: number;
  section_id: number | null;
  accessible: boolean;
  together: boolean | null;
}

const EVENT_OF_TYPE = statement(
  'ticket_type_event',
  'SELECT event_id FROM ticket_type WHERE company_id = $1 AND id = $2',
);
const EVENT_OF_PRODUCT = statement(
  'product_event',
  'SELECT event_id FROM product WHERE company_id = $1 AND id = $2',
);
/**
 * Ties the items of a request to the offers they are sold by, and locks their prices.
 * @param user_id whose subscriptions count
 * @throws AppError validation_failed naming every item that does not exist here, not_on_sale
 */
export async function wantedOf(
  ctx: Context,
  items: readonly (Item | PlanItem)[],
  user_id: number | null = ctx.user_id ?? null,
): Promise<Wanted[]> {
  const faults: FieldFault[] = [];
  const wanted: Wanted[] = [];
  for (const [index, item] of items.entries()) {
    const found = await wantedItem(ctx, item, index);
    if ('pointer' in found) faults.push(found);
    else wanted.push(...found);
  }
  if (faults.length)
    throw new AppError('validation_failed', 'Some items do not exist on this interface.', { errors: faults });
  const benefits = await benefitsOf(ctx, user_id);
  for (const want of wanted) if (!want.plan) requireOnSale(ctx, want, benefits(want.offer.event_id));
  return wanted.map((want) => ('type' in want && !want.plan ? reduced(want, benefits) : want));
}

async function wantedItem(ctx: Context, item: Item, index: number): Promise<Wanted[] | FieldFault> {
  const holder = await holderOf(ctx, item);
  if (!holder) return { pointer: `/items/${index}/guest_id`, code: 'not_found', message: 'No such guest.' };
  if (item.plan_setting_id) return wantedPlan(ctx, item, index, holder);
  const field = item.ticket_type_id ? 'ticket_type_id' : 'product_id';
  const id = (item.ticket_type_id ?? item.product_id) as number;
  const fault = (name: string, message: string): FieldFault => ({
    pointer: `/items/${index}/${name}`,
    code: 'not_found',
    message,
  });
  const event_id = await eventOf(ctx, field, id);
  const offer = event_id ? await ctx.system.offers.get(ctx.system, ctx.company_id, event_id) : undefined;
  const channel = offer?.channels.get(ctx.interface.id);
  if (!offer || !channel || offer.status === 'draft')
    return fault(field, `No such ${field.replace('_id', '')} here.`);

  const base = { item: index, offer, holder };

  if (field === 'product_id') {
    const product = offer.products.get(id);
    if (!product) return fault(field, 'No such product here.');
    const terms = productTerms(product);
    return [{ ...base, form: 'product', terms, product, quantity: item.quantity as number }];
  }
  const type = offer.ticket_types.get(id);
  if (!type) return fault(field, 'No such ticket_type here.');
  const terms = ticketTerms(type, channel.extra_fee, ctx.now);
  const tickets = wantedTickets({ ...base, type, terms }, item, fault);
  return 'pointer' in tickets ? tickets : [tickets];
}

/** The form in which tickets of a type are wanted. */
function wantedTickets(
  base: WantedBase & { type: OfferTicketType },
  item: Item,
  fault: (name: string, message: string) => FieldFault,
): Wanted | FieldFault {
  const { offer, type } = base;
  const kindOf = (section_id: number) => offer.sections.get(section_id)?.kind;
  if (item.seat_ids) return { ...base, form: 'seats', seat_ids: item.seat_ids };
  if (item.best_available) {
    const { quantity, section_id, accessible, together } = item.best_available;
    if (section_id && !(type.section_ids.includes(section_id) && kindOf(section_id) === 'seated'))
      return fault('best_available/section_id', 'This ticket type has no seats in that section.');
    const ask = {
      quantity,
      section_id: section_id ?? null,
      accessible: accessible ?? false,
      together: together ?? null,
    };
    return { ...base, form: 'best', ask };
  }
  const section_ids = type.section_ids.filter(
    (s) => kindOf(s) === 'general' && (!item.section_id || s === item.section_id),
  );
  if (section_ids.length) return { ...base, form: 'general', quantity: item.quantity as number, section_ids };
  return item.section_id
    ? fault('section_id', 'Not a general-admission section of this type.')
    : fault('quantity', 'This type is seated: choose seats.');
}

/** Which event a ticket type or product hangs on: it never changes, so it is asked once. */
async function eventOf(
  ctx: Context,
  field: 'ticket_type_id' | 'product_id',
  id: number,
): Promise<number | undefined> {
  const { eventIds, db } = ctx.system;
  const key = `${ctx.company_id} ${field} ${id}`;
  let event_id = eventIds.get(key);
  if (event_id === undefined) {
    const which = field === 'ticket_type_id' ? EVENT_OF_TYPE : EVENT_OF_PRODUCT;
    event_id = (await db.query<{ event_id: number }>(which, [ctx.company_id, id]))[0]?.event_id;
    if (event_id !== undefined) eventIds.set(key, event_id);
  }
  return event_id;
}

/** The holder named in the item, or copied from a guest. */
async function holderOf(ctx: Context, { holder, guest_id }: Item): Promise<Holder | undefined> {
  if (guest_id) return guestAsHolder(ctx.system.db, ctx, guest_id);
  return holder ? namedHolder(holder) : NOBODY;
}

/** A ticket at the price that a subscription makes of it, locked with the rest of its terms. */
function reduced(want: Wanted, benefits: (event_id: number) => EventBenefits): Wanted {
  const { reduction } = benefits(want.offer.event_id);
  return reduction ? { ...want, terms: { ...want.terms, benefit: reduction } } : want;
}

/** The event, the channel and the type each have a window; all must be open. Without any end, sales end with the start. */
function requireOnSale(ctx: Context, want: Wanted, { presale, types }: EventBenefits): void {
  const { offer } = want;
  const refuse = (why: string, facts = {}) => {
    throw new AppError('not_on_sale', why, { event_id: offer.event_id, item: want.item, ...facts });
  };
  if (offer.status !== 'published')
    refuse(`Sales of this event are ${offer.status}.`, { event_status: offer.status });
  if (offer.ends_at && offer.ends_at <= ctx.now) refuse('The event is over.');
  const windows: SalesWindow[] = [offer, offer.channels.get(ctx.interface.id) as SalesWindow];
  if ('type' in want) windows.push(want.type);
  const end = endOfOpenSale(offer, salesWindow(...windows), ctx.scopes.has('sell'));
  if (end && end <= ctx.now) refuse('Sales are over: the event has started.');
  if ('type' in want && want.type.members_only && !types.has(want.type.id))
    refuse('These tickets are for members.', { reason: 'members_only' });
  for (const { sales_start, sales_end } of windows) {
    if (sales_start && sales_start.getTime() - presale > ctx.now.getTime())
      refuse('Sales have not started.', { retry_at: sales_start.toISOString() });
    if (sales_end && sales_end <= ctx.now) refuse('Sales are over.');
  }
}
