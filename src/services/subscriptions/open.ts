import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { AppError } from '../../errors.ts';
import type { CartRow } from '../carts/row.ts';
import type { Wanted } from '../carts/wanted.ts';
import { type Change, recordChanges } from '../changes.ts';
import { movePlaces } from '../inventory/plans.ts';
import { endOfPeriods, seasonEnd } from './periods.ts';
import { lockSubscriptions } from './row.ts';
import type { WantedPlan } from './wanted.ts';

const INSERT = statement(
  'subscription_insert',
  `INSERT INTO subscription (company_id, id, user_id, plan_id, plan_setting_id, cart_id, interface_id, seat_id,
     section_id, auto_renew, holders)
   SELECT $1, r.* FROM jsonb_to_recordset($2::jsonb) AS r (id uuid, user_id int, plan_id int, plan_setting_id int,
     cart_id uuid, interface_id int, seat_id int, section_id int, auto_renew boolean, holders jsonb)`,
);
// A period whose cart ended unpaid may be asked for again; one that waits or is paid may not.
const INSERT_PERIOD = statement(
  'subscription_period_insert',
  `INSERT INTO subscription_period AS p (company_id, subscription_id, number, plan_setting_id, starts_at, ends_at,
     cart_id, counts, amount, currency, immediate, credit)
   SELECT $1, r.* FROM jsonb_to_recordset($2::jsonb) AS r (subscription_id uuid, number int, plan_setting_id int,
     starts_at timestamptz, ends_at timestamptz, cart_id uuid, counts boolean, amount int, currency text,
     immediate boolean, credit int)
   ON CONFLICT (company_id, subscription_id, number) DO UPDATE SET status = 'due', cart_id = excluded.cart_id,
     plan_setting_id = excluded.plan_setting_id, starts_at = excluded.starts_at, ends_at = excluded.ends_at,
     counts = excluded.counts, amount = excluded.amount, currency = excluded.currency,
     immediate = excluded.immediate, credit = excluded.credit, updated_at = now()
   WHERE p.status = 'void'`,
);

type Opened = { cart: CartRow; plan: WantedPlan };

/**
 * Writes the subscriptions that carts have just been granted, waiting to be paid, and holds a place of each plan setting.
 * The caller holds the locks of the carts and of their stock.
 * @throws AppError user_required for a cart of nobody, sold_out, conflict for a period that is asked for already: the
 *   whole batch is undone then
 */
export async function openSubscriptions(
  tx: Tx,
  company_id: number,
  granted: readonly { cart: CartRow; wanted: readonly Wanted[] }[],
): Promise<void> {
  const opened = granted.flatMap(({ cart, wanted }) =>
    wanted.flatMap((want): Opened[] => (want.form === 'plan' ? [{ cart, plan: want.plan }] : [])),
  );
  if (!opened.length) return;
  for (const { cart, plan } of opened)
    if (cart.user_id === null || (plan.renews && plan.renews.user_id !== cart.user_id))
      throw new AppError('user_required', 'A plan is for a user: sign in, or name the user of the cart.');
  const fresh = opened.filter(({ plan }) => !plan.renews);
  await requireLive(tx, company_id, opened);
  await holdPlaces(tx, company_id, opened);
  await leaveRoom(tx, company_id, fresh);
  await tx.execute(INSERT, [company_id, JSON.stringify(fresh.map(newRow))]);
  await insertPeriods(tx, company_id, opened);
  await recordChanges(tx, fresh.map(created));
}

/** What is renewed lives, and is in the period before: it may have ended since it was read. */
async function requireLive(tx: Tx, company_id: number, opened: readonly Opened[]): Promise<void> {
  const renewals = opened.flatMap(({ plan }) => (plan.renews ? [plan] : []));
  if (!renewals.length) return;
  const rows = await lockSubscriptions(
    tx,
    company_id,
    renewals.map((plan) => plan.subscription_id),
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  for (const { subscription_id, period } of renewals) {
    const row = byId.get(subscription_id);
    if (!row || !['active', 'past_due'].includes(row.status) || row.period !== period - 1)
      throw new AppError('conflict', 'This subscription has ended or gone on meanwhile.', {
        subscription_status: row?.status,
      });
  }
}

async function holdPlaces(tx: Tx, company_id: number, opened: readonly Opened[]): Promise<void> {
  const counting = opened.filter(({ plan }) => plan.renews?.counts ?? true);
  const short = await movePlaces(
    tx,
    company_id,
    counting.map(({ plan }) => ({ plan_setting_id: plan.setting.id, held: 1, sold: 0 })),
  );
  if (short.length)
    throw new AppError('sold_out', 'Nothing is left of this plan.', {
      ...{ available: 0, plan_setting_id: short[0] },
    });
}

const KEPT = statement(
  'plan_setting_kept_places',
  `SELECT n.capacity - n.held - n.sold - (SELECT count(*) FROM subscription s
     WHERE s.company_id = n.company_id AND s.plan_setting_id = n.renews_setting_id
       AND s.status IN ('active', 'past_due') AND NOT s.cancel_at_period_end
       AND NOT EXISTS (SELECT FROM subscription_period p WHERE p.company_id = s.company_id
         AND p.subscription_id = s.id AND p.number = s.period + 1 AND p.status IN ('due', 'paid')))::int AS left
   FROM plan_setting n WHERE n.company_id = $1 AND n.id = ANY($2::int[]) AND n.capacity IS NOT NULL
     AND n.renewal_deadline > now()`,
);

/** New subscribers leave room for those of the season before, until the deadline. Asked when theirs are counted. */
async function leaveRoom(tx: Tx, company_id: number, fresh: readonly Opened[]): Promise<void> {
  const ids = fresh.flatMap(({ plan: { setting } }) =>
    setting.capacity !== null && setting.renews_setting_id !== null ? [setting.id] : [],
  );
  if (!ids.length) return;
  const rows = await tx.query<{ left: number }>(KEPT, [company_id, ids]);
  if (rows.some(({ left }) => left < 0))
    throw new AppError('sold_out', 'What is left of this plan is kept for those who renew.', {
      ...{ available: 0, plan_setting_id: ids[0] },
    });
}

const newRow = ({ cart, plan }: Opened) => ({
  ...{ id: plan.subscription_id, user_id: cart.user_id, plan_id: plan.plan.id },
  ...{ plan_setting_id: plan.setting.id, cart_id: cart.id, interface_id: cart.interface_id },
  ...{ seat_id: plan.seat_id, section_id: plan.section_id },
  ...{ auto_renew: plan.auto_renew, holders: plan.holders },
});

async function insertPeriods(tx: Tx, company_id: number, opened: readonly Opened[]): Promise<void> {
  const rows = [];
  for (const { cart, plan } of opened)
    rows.push({
      ...{ subscription_id: plan.subscription_id, number: plan.period, plan_setting_id: plan.setting.id },
      ...(plan.renews ?? (await firstPeriod(tx, plan, cart.created_at))),
      ...{ cart_id: cart.id, counts: plan.renews?.counts ?? true },
      ...{ amount: plan.setting.price, currency: plan.setting.currency },
      ...{ immediate: plan.change !== undefined, credit: plan.change?.credit ?? 0 },
    });
  if ((await tx.execute(INSERT_PERIOD, [company_id, JSON.stringify(rows)])) !== rows.length)
    throw new AppError('conflict', 'This period is in a cart already: pay that one, or cancel it.');
}

/** When a first period would run if it were paid at some moment. */
export async function firstPeriod(
  tx: Tx,
  { plan, setting }: Pick<WantedPlan, 'plan' | 'setting'>,
  starts_at: Date,
): Promise<{ starts_at: Date; ends_at: Date }> {
  const ends_at =
    setting.interval === 'season'
      ? await seasonEnd(tx, plan.company_id, plan.id, starts_at)
      : endOfPeriods(starts_at, setting.interval, 1);
  return { starts_at, ends_at };
}

const created = ({ cart, plan }: Opened): Change => ({
  ...{ company_id: cart.company_id, type: 'subscription.created', interface_id: cart.interface_id },
  ...{ event_id: null, subject_id: plan.subscription_id },
  data: {
    ...{ subscription_id: plan.subscription_id, status: 'pending', cart_id: cart.id },
    ...{ plan_id: plan.plan.id, plan_setting_id: plan.setting.id },
  },
});
