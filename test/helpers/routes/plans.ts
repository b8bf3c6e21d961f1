import type { ApiWorld, Who } from '../api-world.ts';
import type { RouteEntry } from '../route-table.ts';

const read = { scopes: ['public'], status: 200 } as const;
const manage = { scopes: ['admin'], of: 'company' } as const;
/** What is of users. */
export const own = {
  scopes: ['buy', 'sell', 'admin'],
  status: 200,
  of: 'interface',
  own: true,
  user: true,
} as const;
const SETTING_TIMES = ['/sales_start', '/sales_end', '/renews_setting_id', '/renewal_deadline'];

interface Catalogue {
  plan_id: number;
  month: number;
  year: number;
}

const catalogues = new WeakMap<ApiWorld, Promise<Catalogue>>();

/** A membership by the month and by the year, made once a world. */
function catalogueOf(world: ApiWorld): Promise<Catalogue> {
  const made = catalogues.get(world) ?? makeCatalogue(world);
  catalogues.set(world, made);
  return made;
}

async function makeCatalogue(w: ApiWorld): Promise<Catalogue> {
  const plan_id = await newPlan(w);
  const month = await newSetting(w, plan_id, { name: 'Monthly', price: 3_900, interval: 'month' });
  const year = await newSetting(w, plan_id, { name: 'Yearly', price: 39_000, interval: 'year' });
  // Somebody has subscribed: nobody can delete it.
  await w.call('POST', '/subscriptions', { who: 'john', body: { plan_setting_id: month } });
  return { plan_id, month, year };
}

async function newPlan(w: ApiWorld): Promise<number> {
  const body = { name: 'Friends', kind: 'membership' };
  return (await w.call('POST', '/plans', { who: 'admin', body })).json().plan.id;
}

/** A new way to buy a plan. */
export async function newSetting(w: ApiWorld, plan_id: number, more: object): Promise<number> {
  const body = { currency: 'EUR', holders: 2, ...more };
  const answer = await w.call('POST', `/plans/${plan_id}/plan_settings`, { who: 'admin', body });
  return answer.json().plan_setting.id;
}

async function ownSetting(w: ApiWorld): Promise<string> {
  const plan_id = await newPlan(w);
  const id = await newSetting(w, plan_id, { name: 'Monthly', price: 3_900, interval: 'month' });
  return `/plans/${plan_id}/plan_settings/${id}`;
}

/** A new subscription of john, or of the first user where others ask; paid for at the box office. */
async function subscriptionOf(w: ApiWorld, who: Who): Promise<string> {
  const { month } = await catalogueOf(w);
  const buyer = who === 'john' ? 'john' : 'seller';
  const body = { plan_setting_id: month, ...(buyer === 'seller' && { user_id: w.accounts.user.id }) };
  const { subscription } = (await w.call('POST', '/subscriptions', { who: buyer, body })).json();
  const payment = { method: 'cash' };
  await w.call('POST', `/carts/${subscription.cart_id}/payments`, { who: 'seller', body: payment });
  return `/subscriptions/${subscription.id}`;
}

const plan = {
  ...{ name: 'Friends', kind: 'membership', description: 'For friends', active: true },
  translations: { es: { name: 'Amigos', description: 'Para amigos' } },
  ends_at: '2036-01-01T00:00:00.000Z',
};
const setting = {
  ...{ price: 3_900, currency: 'EUR', interval: 'month', minimum_terms: 2, holders: 2 },
  ...{ tax_rate: 2_100, tax_inclusive: true, grace_days: 5, capacity: 100, active: true },
  ...{ sales_start: '2026-01-01T00:00:00.000Z', sales_end: '2036-01-01T00:00:00.000Z' },
  name: 'Monthly',
};
const ZEROS = { '/price': [0], '/tax_rate': [0], '/grace_days': [0], '/capacity': [0] };
const holders = [{ first_name: 'Ana', last_name: 'Roe', email: 'ana@mail.com' }];

/** Plans and subscriptions. */
export const planRoutes: readonly RouteEntry[] = [
  {
    ...read,
    route: 'GET /plans',
    answer: { whole: 'plans' },
    example: async (w) => {
      await catalogueOf(w);
      return { url: '/plans' };
    },
  },
  {
    ...{ scopes: ['admin'], status: 201 },
    route: 'POST /plans',
    answer: { one: 'plan' },
    nullable: ['/description', '/ends_at'],
    fine: { '/event_ids': [[]], '/benefits': [[]] },
    example: ({ event_id, seated }) => ({
      url: '/plans',
      body: {
        ...{ ...plan, event_ids: [event_id] },
        benefits: [
          { kind: 'percentage', value: 1_000 },
          { kind: 'presale', hours: 48 },
          { kind: 'ticket_types', ids: [seated] },
        ],
      },
    }),
  },
  {
    ...{ ...read, of: 'company' },
    route: 'GET /plans/:plan_id',
    answer: { one: 'plan' },
    example: async (w) => ({ url: `/plans/${(await catalogueOf(w)).plan_id}` }),
  },
  {
    ...manage,
    route: 'PATCH /plans/:plan_id',
    ...{ status: 200, answer: { one: 'plan' }, ifMatch: true },
    nullable: ['/description', '/ends_at'],
    example: async (w) => {
      const { kind: _, ...body } = plan;
      return { url: `/plans/${await newPlan(w)}`, body };
    },
  },
  {
    ...manage,
    route: 'DELETE /plans/:plan_id',
    ...{ status: 204, answer: 'empty', ifMatch: true },
    example: async (w) => ({ url: `/plans/${await newPlan(w)}` }),
  },
  {
    ...{ ...read, of: 'company' },
    route: 'GET /plans/:plan_id/plan_settings',
    answer: { whole: 'plan_settings' },
    example: async (w) => ({ url: `/plans/${(await catalogueOf(w)).plan_id}/plan_settings` }),
  },
  {
    ...manage,
    route: 'POST /plans/:plan_id/plan_settings',
    ...{ status: 201, answer: { one: 'plan_setting' } },
    nullable: [...SETTING_TIMES, '/capacity'],
    fine: ZEROS,
    example: async (w) => ({ url: `/plans/${await newPlan(w)}/plan_settings`, body: setting }),
  },
  {
    ...{ ...read, of: 'company' },
    route: 'GET /plans/:plan_id/plan_settings/:plan_setting_id',
    answer: { one: 'plan_setting' },
    example: async (w) => {
      const { plan_id, month } = await catalogueOf(w);
      return { url: `/plans/${plan_id}/plan_settings/${month}` };
    },
  },
  {
    ...manage,
    route: 'PATCH /plans/:plan_id/plan_settings/:plan_setting_id',
    ...{ status: 200, answer: { one: 'plan_setting' }, ifMatch: true },
    nullable: [...SETTING_TIMES, '/capacity'],
    fine: ZEROS,
    example: async (w) => ({ url: await ownSetting(w), body: setting }),
  },
  {
    ...manage,
    route: 'DELETE /plans/:plan_id/plan_settings/:plan_setting_id',
    ...{ status: 204, answer: 'empty', ifMatch: true },
    example: async (w) => ({ url: await ownSetting(w) }),
  },
  {
    route: 'POST /subscriptions',
    ...{ scopes: ['buy', 'sell'], status: 201, answer: { one: 'subscription' }, user: true },
    fine: { '/holders': [[]] },
    example: async (w, who) => ({
      url: '/subscriptions',
      body: {
        ...{ plan_setting_id: (await catalogueOf(w)).month, auto_renew: false, holders },
        ...(who === 'seller' && { user_id: w.accounts.user.id }),
      },
    }),
  },
  {
    route: 'GET /subscriptions',
    ...{ scopes: ['buy', 'sell', 'admin'], status: 200, answer: { page: 'subscriptions' }, user: true },
    example: async (w, who) => {
      await subscriptionOf(w, who);
      return { url: '/subscriptions' };
    },
  },
  {
    ...own,
    route: 'GET /subscriptions/:subscription_id',
    answer: { one: 'subscription' },
    example: async (w, who) => ({ url: await subscriptionOf(w, who) }),
  },
  {
    ...own,
    route: 'PATCH /subscriptions/:subscription_id',
    ...{ answer: { one: 'subscription' }, ifMatch: true },
    nullable: ['/plan_setting_id'],
    fine: { '/holders': [[]] },
    example: async (w, who) => ({
      url: await subscriptionOf(w, who),
      body: {
        ...{ plan_setting_id: (await catalogueOf(w)).year, holders, auto_renew: true },
        card: { token: 'sandbox_approved' },
      },
    }),
  },
  {
    ...own,
    route: 'DELETE /subscriptions/:subscription_id',
    ...{ status: 204, answer: 'empty', ifMatch: true },
    example: async (w, who) => ({ url: await subscriptionOf(w, who) }),
  },
  {
    ...own,
    route: 'POST /subscriptions/:subscription_id/pause',
    answer: { one: 'subscription' },
    example: async (w, who) => ({ url: `${await subscriptionOf(w, who)}/pause` }),
  },
  {
    ...own,
    route: 'POST /subscriptions/:subscription_id/resume',
    answer: { one: 'subscription' },
    example: async (w, who) => {
      const url = await subscriptionOf(w, who);
      await w.call('POST', `${url}/pause`, { who: 'seller' });
      return { url: `${url}/resume` };
    },
  },
  {
    ...own,
    route: 'POST /subscriptions/:subscription_id/renew',
    answer: { one: 'subscription' },
    example: async (w, who) => ({ url: `${await subscriptionOf(w, who)}/renew` }),
  },
  {
    ...own,
    route: 'GET /subscriptions/:subscription_id/quote',
    answer: { one: 'quote' },
    example: async (w, who) => ({
      url: `${await subscriptionOf(w, who)}/quote?plan_setting_id=${(await catalogueOf(w)).year}`,
    }),
  },
  {
    ...own,
    route: 'POST /subscriptions/:subscription_id/change',
    answer: { one: 'subscription' },
    example: async (w, who) => ({
      url: `${await subscriptionOf(w, who)}/change`,
      body: { plan_setting_id: (await catalogueOf(w)).year },
    }),
  },
  {
    ...{ ...own, of: 'company' },
    route: 'GET /users/:user_id/subscriptions',
    answer: { page: 'subscriptions' },
    example: async (w, who) => {
      await subscriptionOf(w, who);
      return { url: `/users/${w.accounts.user.id}/subscriptions` };
    },
  },
];
