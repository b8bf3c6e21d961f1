/**
 * Every step a subscription can take, as data. Whoever writes a status names the one it comes from, and counts the rows.
 */
export const SUBSCRIPTION_TRANSITIONS = {
  // Its cart ended unpaid: expired. A payment of it that is confirmed late brings it back.
  pending: ['active', 'expired'],
  active: ['active', 'past_due', 'paused', 'cancelled', 'expired'],
  past_due: ['active', 'cancelled', 'expired'],
  paused: ['active', 'cancelled'],
  cancelled: [],
  expired: ['pending'],
} as const satisfies Record<string, readonly string[]>;

export type SubscriptionStatus = keyof typeof SUBSCRIPTION_TRANSITIONS;

/** Can a subscription go from one state to the other? */
export const canBecome = (from: SubscriptionStatus, to: SubscriptionStatus): boolean =>
  (SUBSCRIPTION_TRANSITIONS[from] as readonly string[]).includes(to);

/** Those that take a place of their plan setting. */
export const LIVE: readonly SubscriptionStatus[] = ['active', 'past_due', 'paused'];
