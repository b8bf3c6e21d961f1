import type { Interval } from './periods.ts';

const DAY_MS = 86_400_000;

/** How long before the end of a period its owner is told. */
const LEAD_DAYS: Record<Interval, number> = { month: 3, year: 14, season: 14 };

/** Days after the end of a period at which its renewal is tried again. */
export const RETRY_DAYS = [1, 3, 5] as const;

export const daysAfter = (at: Date, days: number): Date => new Date(at.getTime() + days * DAY_MS);

/** When the worker first looks at a period that has begun: to tell its owner that it will end. */
export const firstLook = (interval: Interval, ends_at: Date): Date =>
  daysAfter(ends_at, -LEAD_DAYS[interval]);
