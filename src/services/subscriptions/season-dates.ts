import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { transaction } from '../../db/transaction.ts';
import { AppError } from '../../errors.ts';
import type { Job } from '../../schemas/jobs.ts';
import { endOverdueIn } from '../carts/expire.ts';
import { releaseDueIn } from '../inventory/release.ts';
import { type JobCaller, type Stepped, type Steps, startSteps } from '../jobs/steps.ts';
import { lockPlan } from '../plans/row.ts';
import { countHolders } from './holders.ts';
import { issueDate, type Refused } from './issue-date.ts';
import { onBehalfOf } from './season-keep.ts';

// A season that gains a date issues its tickets to those who have it already. Who is missed by a job because they paid
// while it ran gets a job of their own: whoever changes the dates of a season, or opens one, has its row alone, and
// whoever activates a subscription shares it (lockSeasons), so that one of the two always sees the other.

interface Input {
  plan_id: number;
  event_ids: number[];
  /** Nobody else's. */
  subscription_ids?: string[];
}

interface Cursor {
  /** Which of the dates. */
  date: number;
  /** Holds that ran out are cleared away before places are asked for, and again if they are short. */
  clear: boolean;
  after: string;
  issued: number;
  tickets: number;
  refused: number;
  list: Refused[];
}

/** Refusals that are told one by one; all are counted. */
const MOST_TOLD = 1_000;
export const FIRST_ID = '00000000-0000-0000-0000-000000000000';
const BEGINNING: Cursor = {
  ...{ date: 0, clear: true, after: FIRST_ID, issued: 0, tickets: 0, refused: 0, list: [] },
};

export const SEASON_DATES: Steps<Input, Cursor> = {
  kind: 'season_dates',
  async step(tx, { ctx, input, cursor, done }): Promise<Stepped<Cursor>> {
    const at = cursor ?? BEGINNING;
    const event_id = input.event_ids[at.date];
    if (event_id === undefined) {
      const { issued, tickets, refused, list } = at;
      const { plan_id, event_ids } = input;
      return { result: { season_dates: { plan_id, event_ids, issued, tickets, refused, list } } };
    }
    if (at.clear) {
      await endOverdueIn(tx, event_id);
      await releaseDueIn(tx, ctx.company_id, event_id);
      return { done, cursor: { ...at, clear: false } };
    }
    const batch = await issueDate(tx, ctx, { ...input, event_id, after: at.after });
    if (batch.last === null)
      return { done, cursor: { ...at, date: at.date + 1, clear: true, after: FIRST_ID } };
    return {
      done: done + batch.looked,
      cursor: {
        ...{ date: at.date, clear: batch.overdue, after: batch.last, issued: at.issued + batch.issued },
        ...{ tickets: at.tickets + batch.tickets, refused: at.refused + batch.refused.length },
        list: [...at.list, ...batch.refused].slice(0, MOST_TOLD),
      },
    };
  },
};

/** Begins to issue dates of a season to those who have it and lack them. */
export async function startIssuing(tx: Tx, caller: JobCaller, input: Input): Promise<Job> {
  const { plan_id, event_ids, subscription_ids } = input;
  const holders = subscription_ids?.length ?? (await countHolders(tx, caller.company_id, plan_id));
  return startSteps(tx, caller, SEASON_DATES, { input, total: holders * event_ids.length });
}

/**
 * Issues all dates of a season to those of its holders who lack them: those whose seat was taken when it was tried, too.
 * @throws AppError not_found; conflict for a membership, which has no dates
 */
export function issueMissingDates(ctx: Context, plan_id: number): Promise<Job> {
  return transaction(ctx, async (tx) => {
    const { kind, event_ids } = await lockPlan(tx, ctx, plan_id);
    if (kind !== 'season') throw new AppError('conflict', 'A membership has no dates to issue.');
    return startIssuing(tx, ctx, { plan_id, event_ids });
  });
}

const SEASONS_OF = statement(
  'season_plans_of_event',
  `SELECT id FROM plan WHERE company_id = $1 AND kind = 'season' AND $2::int = ANY(event_ids) ORDER BY id FOR UPDATE`,
);

/** A date is open, at first or again: the seasons that include it issue it to their holders. */
export async function issueToSeasons(tx: Tx, ctx: Context, event_id: number): Promise<void> {
  for (const { id } of await tx.query<{ id: number }>(SEASONS_OF, [ctx.company_id, event_id]))
    await startIssuing(tx, ctx, { plan_id: id, event_ids: [event_id] });
}

const LOCK_SEASONS = statement(
  'season_plans_share',
  `SELECT p.id FROM plan p WHERE p.company_id = $1 AND p.id = ANY($2::int[]) AND p.kind = 'season' ORDER BY p.id
   FOR SHARE`,
);
const MISSING = statement(
  'season_dates_missing',
  `SELECT m.subscription_id, m.interface_id, p.id AS plan_id, array_agg(e.id ORDER BY e.id) AS event_ids
   FROM unnest($2::uuid[], $3::int[], $4::int[]) AS m (subscription_id, plan_id, interface_id)
   JOIN plan p ON p.company_id = $1 AND p.id = m.plan_id AND p.kind = 'season'
   JOIN event e ON e.company_id = p.company_id AND e.id = ANY(p.event_ids) AND e.status = 'published'
     AND coalesce(e.ends_at, e.starts_at) > now()
   WHERE NOT EXISTS (SELECT FROM sale_detail l WHERE l.company_id = p.company_id
     AND l.subscription_id = m.subscription_id AND l.event_id = e.id AND l.kind = 'ticket' AND l.status <> 'released')
   GROUP BY m.subscription_id, m.interface_id, p.id ORDER BY m.subscription_id`,
);

/** A season that has just been paid for. */
export interface Activated {
  subscription_id: string;
  plan_id: number;
  interface_id: number;
}

/** Seasons were paid for: dates that they have gained since they were put into their carts are issued by a job. */
export async function issueGained(tx: Tx, company_id: number, paid: readonly Activated[]): Promise<void> {
  const plan_ids = [...new Set(paid.map(({ plan_id }) => plan_id))];
  if (!plan_ids.length || !(await tx.query(LOCK_SEASONS, [company_id, plan_ids])).length) return;
  const missing = await tx.query<Activated & { event_ids: number[] }>(MISSING, [
    company_id,
    paid.map(({ subscription_id }) => subscription_id),
    paid.map(({ plan_id }) => plan_id),
    paid.map(({ interface_id }) => interface_id),
  ]);
  for (const { subscription_id, interface_id, plan_id, event_ids } of missing)
    await startIssuing(tx, onBehalfOf(company_id, { id: subscription_id, interface_id }), {
      plan_id,
      event_ids,
      subscription_ids: [subscription_id],
    });
}
