import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import type { Benefit } from '../../schemas/plans.ts';

interface Member {
  plan: string;
  event_ids: number[];
  benefits: Benefit[];
}

// Active, or still in its grace period.
const OF_USER = statement(
  'subscription_benefits',
  `SELECT p.name AS plan, p.event_ids, p.benefits FROM subscription s
   JOIN plan p ON p.company_id = s.company_id AND p.id = s.plan_id
   WHERE s.company_id = $1 AND s.user_id = $2 AND s.status IN ('active', 'past_due') AND p.benefits <> '[]'
   ORDER BY s.id`,
);
const USER_OF_CART = statement(
  'subscription_benefits_cart',
  'SELECT user_id FROM cart WHERE company_id = $1 AND id = $2',
);

/** What a buyer's subscriptions are good for at one event. */
export interface EventBenefits {
  /** The best percentage off, and the plan that gives it. */
  reduction: { rate: number; plan: string } | undefined;
  /** How long before everybody else, in milliseconds. */
  presale: number;
  /** Ticket types for members that are open to this one. */
  types: ReadonlySet<number>;
}

const NOTHING: EventBenefits = { reduction: undefined, presale: 0, types: new Set() };

const HOUR_MS = 3_600_000;

/**
 * The benefits of a buyer, by event. A buyer without an account has none, and costs nothing to ask about.
 */
export async function benefitsOf(
  ctx: Context,
  user_id: number | null,
): Promise<(event_id: number) => EventBenefits> {
  if (user_id === null) return () => NOTHING;
  const members = await ctx.system.db.query<Member>(OF_USER, [ctx.company_id, user_id]);
  return members.length ? (event_id) => atEvent(members, event_id) : () => NOTHING;
}

function atEvent(members: readonly Member[], event_id: number): EventBenefits {
  const good = members.filter(({ event_ids }) => !event_ids.length || event_ids.includes(event_id));
  let reduction: EventBenefits['reduction'];
  let presale = 0;
  const types = new Set<number>();
  for (const { plan, benefits } of good)
    for (const benefit of benefits) {
      if (benefit.kind === 'percentage' && benefit.value > (reduction?.rate ?? 0))
        reduction = { rate: benefit.value, plan };
      if (benefit.kind === 'presale') presale = Math.max(presale, benefit.hours * HOUR_MS);
      if (benefit.kind === 'ticket_types') for (const id of benefit.ids) types.add(id);
    }
  return { reduction, presale, types };
}

/** Whom a cart is for: a user's token speaks for itself, a seller's for the user of the cart. */
export async function buyerOf(ctx: Context, cart_id: string): Promise<number | null> {
  if (ctx.user_id !== undefined) return ctx.user_id;
  if (!ctx.scopes.has('sell')) return null;
  const [cart] = await ctx.system.db.query<{ user_id: number | null }>(USER_OF_CART, [
    ctx.company_id,
    cart_id,
  ]);
  return cart?.user_id ?? null;
}
