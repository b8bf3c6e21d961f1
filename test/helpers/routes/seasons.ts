import type { ApiWorld, Who } from '../api-world.ts';
import type { RouteEntry } from '../route-table.ts';
import { newSetting, own } from './plans.ts';

interface Season {
  plan_id: number;
  setting: number;
  seats: number[];
}

const seasons = new WeakMap<ApiWorld, Promise<Season>>();

/** A season of one date with chosen seats, made once a world. */
function seasonOf(w: ApiWorld): Promise<Season> {
  const made = seasons.get(w) ?? makeSeason(w);
  seasons.set(w, made);
  return made;
}

async function makeSeason(w: ApiWorld): Promise<Season> {
  const plan = { name: 'Season', kind: 'season', event_ids: [w.event_id] };
  const { id } = (await w.call('POST', '/plans', { who: 'admin', body: plan })).json().plan;
  const seat = { name: 'Seat', price: 9_000, interval: 'season', seat_choice: true, holders: 1 };
  const setting = await newSetting(w, id, { ...seat, section_ids: [w.stalls] });
  const { rows } = await w.system.db.pool.query(
    'SELECT id FROM seat WHERE section_id = $1 ORDER BY id DESC',
    [w.stalls],
  );
  return { plan_id: id, setting, seats: rows.map((row) => row.id) };
}

/** A new season ticket, paid for: on the first seat from behind that is free. */
async function seasonTicketOf(w: ApiWorld, who: Who): Promise<string> {
  const { setting, seats } = await seasonOf(w);
  for (const seat_id of seats) {
    const body = {
      plan_setting_id: setting,
      seat_id,
      ...(who !== 'john' && { user_id: w.accounts.user.id }),
    };
    const buyer = who === 'john' ? 'john' : 'seller';
    const answer = await w.call('POST', '/subscriptions', { who: buyer, body });
    if (answer.statusCode !== 201) continue;
    const { id, cart_id } = answer.json().subscription;
    await w.call('POST', `/carts/${cart_id}/payments`, { who: 'seller', body: { method: 'cash' } });
    return `/subscriptions/${id}`;
  }
  throw new Error('no seat is left');
}

/** Owes the first user something. */
async function owe({ system, accounts }: ApiWorld): Promise<void> {
  const of = [accounts.company_id, accounts.user.id];
  const { rowCount } = await system.db.pool.query(
    `INSERT INTO credit_balance (company_id, user_id, currency, balance) VALUES ($1, $2, 'EUR', 500) ON CONFLICT DO NOTHING`,
    of,
  );
  if (rowCount)
    await system.db.pool.query(
      `INSERT INTO credit_entry (company_id, id, user_id, currency, amount, kind)
       VALUES ($1, gen_random_uuid(), $2, 'EUR', 500, 'refund')`,
      of,
    );
}

/** What seasons have beyond other plans: dates that are given back, and credit for them. */
export const seasonRoutes: readonly RouteEntry[] = [
  {
    ...{ scopes: ['admin'], of: 'company', status: 202, answer: { one: 'job' } },
    route: 'POST /plans/:plan_id/issue',
    example: async (w) => ({ url: `/plans/${(await seasonOf(w)).plan_id}/issue` }),
  },
  {
    ...own,
    route: 'POST /subscriptions/:subscription_id/give_backs',
    ...{ status: 201, answer: { one: 'give_back' } },
    example: async (w, who) => ({
      url: `${await seasonTicketOf(w, who)}/give_backs`,
      body: { event_id: w.event_id },
    }),
  },
  {
    ...own,
    route: 'GET /subscriptions/:subscription_id/give_backs',
    answer: { page: 'give_backs' },
    example: async (w, who) => {
      const url = `${await seasonTicketOf(w, who)}/give_backs`;
      await w.call('POST', url, { who: 'seller', body: { event_id: w.event_id } });
      return { url };
    },
  },
  {
    ...{ ...own, of: 'company' },
    route: 'GET /users/:user_id/credits',
    answer: { whole: 'credits' },
    example: async (w) => {
      await owe(w);
      return { url: `/users/${w.accounts.user.id}/credits` };
    },
  },
];
