import { inTransaction } from '../../../src/db/transaction.ts';
import { waitlistRound } from '../../../src/services/waitlist/round.ts';
import type { ApiWorld, Who } from '../api-world.ts';
import { makeEvent, standingSection } from '../catalogue.ts';
import type { RouteEntry } from '../route-table.ts';

const party = { scopes: ['buy', 'sell'], of: 'interface', own: true } as const;
const staff = { scopes: ['admin'], of: 'interface' } as const;

/** An event of the web whose only place is sold. */
async function soldOut(w: ApiWorld): Promise<{ event_id: number; cart: string; type: number }> {
  const { company_id, interfaces } = w.accounts;
  const company = { company_id, interface_id: interfaces.web };
  const { event_id, ticket_type_ids } = await inTransaction(w.system.db, (tx) =>
    makeEvent(tx, company, [standingSection('Room', 1)], { name: 'Full' }),
  );
  const [type] = ticket_type_ids as [number];
  const body = { items: [{ ticket_type_id: type, quantity: 1 }] };
  const { cart } = (await w.call('POST', '/carts', { who: 'seller', body })).json();
  await w.call('POST', `/carts/${cart.id}/payments`, { who: 'seller', body: { method: 'cash' } });
  return { event_id, cart: cart.id, type };
}

const BUYERS: readonly Who[] = ['john', 'mary', 'buyer', 'stranger'];
let parties = 0;

/** A new entry of `who`, or of a seller for those who may not join. */
async function joined(w: ApiWorld, who: Who): Promise<{ url: string; cart: string }> {
  const { event_id, cart } = await soldOut(w);
  parties += 1;
  const owner = BUYERS.includes(who) ? who : 'seller';
  const body = { party_size: 1, email: `party${parties}@mail.com` };
  const answer = await w.call('POST', `/events/${event_id}/waitlist`, { who: owner, body });
  if (answer.statusCode !== 201) throw new Error(`joining as ${owner}: ${answer.body}`);
  return { url: answer.headers.location as string, cart };
}

/** The same once the place was given back: there is something to offer. */
async function freed(w: ApiWorld, who: Who): Promise<string> {
  const { url, cart } = await joined(w, who);
  await w.call('POST', `/carts/${cart}/refunds`, { who: 'seller', body: { reason: 'Ill' } });
  return url;
}

/** The same with the offer made. */
async function offered(w: ApiWorld, who: Who): Promise<string> {
  const url = await freed(w, who);
  await waitlistRound(w.system);
  return url;
}

/** Waiting lists of events. */
export const waitlistRoutes: readonly RouteEntry[] = [
  {
    route: 'POST /events/:event_id/waitlist',
    ...{ scopes: ['buy', 'sell'], of: 'interface', status: 201, answer: { one: 'waitlist_entry' } },
    nullable: ['/max_price'],
    fine: { '/max_price': [0] },
    bodyOf: () => ({ party_size: 1, email: 'other@mail.com' }),
    example: async (w, who) => {
      const { event_id, type } = await soldOut(w);
      return {
        url: `/events/${event_id}/waitlist`,
        body: {
          ...{ party_size: 1, ticket_type_ids: [type], max_price: 5_000, together: true },
          ...{ email: 'ada@mail.com', ...(who === 'seller' && { user_id: w.mary.id }) },
        },
      };
    },
  },
  {
    route: 'GET /events/:event_id/waitlist',
    ...{ scopes: ['buy', 'sell', 'admin'], of: 'interface', status: 200 },
    ...{ answer: { page: 'waitlist_entries' }, user: true },
    example: async (w, who) => ({ url: (await joined(w, who)).url.replace(/\/[^/]+$/, '') }),
  },
  {
    ...staff,
    route: 'GET /events/:event_id/waitlist/summary',
    ...{ scopes: ['sell', 'admin'], status: 200, answer: { one: 'waitlist_summary' } },
    example: ({ event_id }) => ({ url: `/events/${event_id}/waitlist/summary` }),
  },
  {
    ...staff,
    route: 'GET /events/:event_id/waitlist/settings',
    ...{ status: 200, answer: { one: 'waitlist_settings' } },
    example: ({ event_id }) => ({ url: `/events/${event_id}/waitlist/settings` }),
  },
  {
    ...staff,
    route: 'PATCH /events/:event_id/waitlist/settings',
    ...{ status: 200, answer: { one: 'waitlist_settings' }, ifMatch: true },
    example: ({ event_id }) => ({
      url: `/events/${event_id}/waitlist/settings`,
      body: { enabled: true, offer_minutes: 20, head_start: true },
    }),
  },
  {
    ...party,
    route: 'GET /events/:event_id/waitlist/:waitlist_entry_id',
    ...{ scopes: ['buy', 'sell', 'admin'], status: 200, answer: { one: 'waitlist_entry' } },
    example: async (w, who) => ({ url: (await joined(w, who)).url }),
  },
  {
    ...staff,
    route: 'PATCH /events/:event_id/waitlist/:waitlist_entry_id',
    ...{ status: 200, answer: { one: 'waitlist_entry' }, ifMatch: true },
    fine: { '/priority': [0, -1] },
    example: async (w, who) => ({ url: (await joined(w, who)).url, body: { priority: 1 } }),
  },
  {
    ...party,
    route: 'DELETE /events/:event_id/waitlist/:waitlist_entry_id',
    ...{ scopes: ['buy', 'sell', 'admin'], status: 204, answer: 'empty', ifMatch: true },
    example: async (w, who) => ({ url: (await joined(w, who)).url }),
  },
  {
    ...party,
    route: 'POST /events/:event_id/waitlist/:waitlist_entry_id/decline',
    ...{ status: 200, answer: { one: 'waitlist_entry' }, bodyless: true },
    example: async (w, who) => ({ url: `${await offered(w, who)}/decline` }),
  },
  {
    ...staff,
    route: 'POST /events/:event_id/waitlist/:waitlist_entry_id/offer',
    ...{ status: 200, answer: { one: 'waitlist_entry' }, bodyless: true },
    example: async (w, who) => ({ url: `${await freed(w, who)}/offer` }),
  },
  {
    ...staff,
    route: 'GET /events/:event_id/waitlist/:waitlist_entry_id/log',
    ...{ scopes: ['sell', 'admin'], status: 200, answer: { whole: 'waitlist_log' } },
    example: async (w, who) => ({ url: `${(await joined(w, who)).url}/log` }),
  },
];
