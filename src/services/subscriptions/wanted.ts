import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { AppError, type FieldFault } from '../../errors.ts';
import type { Item } from '../../schemas/carts.ts';
import { uuidv7 } from '../../uuid.ts';
import type { Holder } from '../carts/holder.ts';
import type { LineTerms } from '../carts/row.ts';
import type { Wanted } from '../carts/wanted.ts';
import type { Offer, OfferTicketType } from '../events/offer.ts';
import { type PlanRow, type PlanSettingRow, plansById, planTerms, settingsById } from '../plans/row.ts';
import type { SubscriptionRow } from './row.ts';

/** What an item of a plan may say beyond an item of a cart. */
export type PlanItem = Item & Partial<Pick<SubscriptionRow, 'auto_renew' | 'holders'>>;

/** A subscription as it is wanted; the ticket lines that it includes name it, too. */
export interface WantedPlan {
  subscription_id: string;
  plan: PlanRow;
  setting: PlanSettingRow;
  seat_id: number | null;
  section_id: number | null;
  auto_renew: boolean;
  holders: SubscriptionRow['holders'];
  /** Number of the period that is paid for. */
  period: number;
  /** Places that are kept for subscribers of the season before are for this one. */
  kept?: boolean;
  /** A change to another setting now: what was unused of the period that it ends. */
  change?: { unused: number; amount_due: number; credit: number; from: string };
  /** Of a renewal: the period as the subscription has it. */
  renews?: { starts_at: Date; ends_at: Date; user_id: number; counts: boolean };
}

const SECTION_OF_SEAT = statement(
  'plan_seat_section',
  'SELECT section_id FROM seat WHERE company_id = $1 AND id = $2',
);

/**
 * What an item of a plan comes to: the plan itself, and for a season a ticket for each of its dates that has not passed.
 * @throws AppError not_on_sale
 */
export async function wantedPlan(
  ctx: Context,
  item: PlanItem,
  index: number,
  holder: Holder,
): Promise<Wanted[] | FieldFault> {
  const { db } = ctx.system;
  const id = item.plan_setting_id as number;
  const fault = (name: string, message: string, code = 'not_found'): FieldFault => ({
    pointer: `/items/${index}/${name}`,
    ...{ code, message },
  });
  const setting = (await settingsById(db, ctx.company_id, [id])).get(id);
  const plan = setting && (await plansById(db, ctx.company_id, [setting.plan_id])).get(setting.plan_id);
  if (!setting || !plan) return fault('plan_setting_id', 'No such plan setting here.');
  requireOnSale(ctx, plan, setting, index);
  const { seat_id = null, auto_renew = true, holders = [] } = item;
  if (holders.length > setting.holders)
    return fault('holders', `For at most ${setting.holders}.`, 'too_many');
  if (setting.seat_choice && seat_id === null) return fault('seat_id', 'Choose a seat.', 'required');
  if (!setting.seat_choice && seat_id !== null)
    return fault('seat_id', 'No seat is chosen with this.', 'invalid');
  const section_id = await sectionOf(ctx, setting, item);
  if (section_id === undefined)
    return seat_id !== null
      ? fault('seat_id', 'No such seat of this plan.')
      : fault('section_id', 'No such section of this plan.');
  const wanted: WantedPlan = {
    ...{ subscription_id: uuidv7(), plan, setting, seat_id, section_id, auto_renew, holders, period: 1 },
  };
  return expand(ctx, wanted, index, holder);
}

async function sectionOf(
  ctx: Context,
  setting: PlanSettingRow,
  item: PlanItem,
): Promise<number | null | undefined> {
  const { section_ids } = setting;
  if (item.seat_id) {
    const [seat] = await ctx.system.db.query<{ section_id: number }>(SECTION_OF_SEAT, [
      ctx.company_id,
      item.seat_id,
    ]);
    const sold = seat && (!section_ids.length || section_ids.includes(seat.section_id));
    return sold ? seat.section_id : undefined;
  }
  if (item.section_id) return section_ids.includes(item.section_id) ? item.section_id : undefined;
  return section_ids[0] ?? null;
}

function requireOnSale(ctx: Context, plan: PlanRow, setting: PlanSettingRow, item: number): void {
  const refuse = (why: string, facts = {}) => {
    throw new AppError('not_on_sale', why, { plan_setting_id: setting.id, item, ...facts });
  };
  if (!plan.active || !setting.active) refuse('This plan is not sold.');
  if (setting.sales_start && setting.sales_start > ctx.now)
    refuse('Sales have not started.', { retry_at: setting.sales_start.toISOString() });
  if (setting.sales_end && setting.sales_end <= ctx.now) refuse('Sales are over.');
}

/**
 * A plan in a cart: its own line, and one place at each date of a season.
 * @throws AppError not_on_sale for a date without a place that could be theirs
 */
export async function expand(
  ctx: Context,
  plan: WantedPlan,
  item: number,
  holder: Holder,
): Promise<Wanted[]> {
  const offers = await datesOf(ctx, plan.plan);
  const base = { item, holder, plan };
  const tickets = offers.map((offer): Wanted => {
    const place = placeAt(offer, base);
    if (place) return place;
    throw new AppError('not_on_sale', 'A date of this season does not sell that section.', {
      ...{ event_id: offer.event_id, section_id: plan.section_id, item },
    });
  });
  return [{ ...base, form: 'plan', offer: noEvent(plan), terms: termsOf(plan) }, ...tickets];
}

/** The price of a period; of a change now, less what is unused. */
function termsOf({ setting, change }: WantedPlan): LineTerms {
  const terms = planTerms(setting);
  if (!change) return terms;
  const reason = `change from ${change.from}: ${change.unused} of it unused`;
  return { ...terms, override: { unit_price: change.amount_due, reason } };
}

/** The dates of a season that are still to come; a membership has none. */
async function datesOf(ctx: Context, { kind, event_ids }: PlanRow): Promise<Offer[]> {
  if (kind !== 'season') return [];
  const { offers } = ctx.system;
  const all = await Promise.all(event_ids.map((id) => offers.get(ctx.system, ctx.company_id, id)));
  return all.filter((offer) => isToCome(offer, ctx.now));
}

/** Is a date sold by its season? */
export const isToCome = ({ status, starts_at, ends_at }: Offer, now: Date): boolean =>
  status === 'published' && (ends_at ?? starts_at) > now;

/**
 * The place of a subscriber at a date: the same seat or section where the date has it, else places of general admission.
 * Its ticket type is one that the plan names, or the first that is sold there.
 * @returns undefined where there is neither
 */
export function placeAt(
  offer: Offer,
  base: { item: number; holder: Holder; plan: WantedPlan },
): Extract<Wanted, { form: 'seats' | 'general' }> | undefined {
  const { plan } = base;
  const named = new Set(plan.plan.benefits.flatMap((b) => (b.kind === 'ticket_types' ? b.ids : [])));
  const types = [...offer.ticket_types.values()].sort((a, b) => +named.has(b.id) - +named.has(a.id));
  const included = (type: OfferTicketType) => ({ ...base, offer, type, terms: includedTerms(plan) });
  const isGeneral = (id: number) => offer.sections.get(id)?.kind === 'general';
  const same = types.find((type) => type.section_ids.includes(plan.section_id as number));
  if (same && plan.seat_id !== null) return { ...included(same), form: 'seats', seat_ids: [plan.seat_id] };
  const quantity = plan.setting.holders;
  if (same && isGeneral(plan.section_id as number))
    return { ...included(same), form: 'general', quantity, section_ids: [plan.section_id as number] };
  const open = types.find((type) => type.section_ids.some(isGeneral));
  return (
    open && {
      ...included(open),
      ...{ form: 'general', quantity, section_ids: open.section_ids.filter(isGeneral) },
    }
  );
}

/** What a date of a season costs beside the season: nothing. */
export const includedTerms = ({ plan }: Pick<WantedPlan, 'plan'>): LineTerms => ({
  ...{ base_price: 0, fee_fixed: 0, fee_rate: 0, fee_payer: 'buyer', extra_fee: 0, tax_rate: 0 },
  ...{ tax_inclusive: true, rule: `plan ${plan.name}` },
});

/** Event of lines that are for none. */
export const NO_EVENT = 0;

/** A plan is sold by no event: what selling asks of an offer, for its own line. */
const noEvent = ({ plan, setting }: WantedPlan): Offer => ({
  ...{ company_id: plan.company_id, event_id: NO_EVENT, name: plan.name, version: 0, status: 'published' },
  ...{ currency: setting.currency, starts_at: plan.created_at, ends_at: null, sales_start: null },
  ...{
    sales_end: null,
    max_per_cart: 0,
    orphan_rule: false,
    gated: false,
    reserved: false,
    accessible_until: null,
  },
  ...{
    channels: new Map(),
    ticket_types: new Map(),
    products: new Map(),
    sections: new Map(),
    maps: new Map(),
    blocks: new Map(),
  },
});
