import type { ApiWorld, Who } from '../api-world.ts';
import type { RouteEntry } from '../route-table.ts';

const sell = { scopes: ['sell'] } as const;
const drawer = { scopes: ['sell'], of: 'interface' } as const;

/** A drawer of the seller: one that is open already is closed for it. */
async function open(w: ApiWorld): Promise<string> {
  const opened = () => w.call('POST', '/cash_sessions', { who: 'seller', body: { opening: 10_000 } });
  let answer = await opened();
  if (answer.statusCode === 409) {
    await close(w, answer.json().cash_session_id);
    answer = await opened();
  }
  return answer.json().cash_session.id;
}
const close = (w: ApiWorld, id: string) =>
  w.call('POST', `/cash_sessions/${id}/close`, { who: 'seller', body: { counted: 0 } });

async function none(w: ApiWorld, who: Who): Promise<void> {
  if (who === 'seller') await close(w, await open(w));
}

/** Cash drawers of the box office. */
export const cashRoutes: readonly RouteEntry[] = [
  {
    ...sell,
    route: 'POST /cash_sessions',
    ...{ status: 201, answer: { one: 'cash_session' } },
    fine: { '/opening': [0] },
    example: async (w, who) => {
      await none(w, who);
      return { url: '/cash_sessions', body: { opening: 10_000, currency: 'EUR', note: 'Morning' } };
    },
  },
  {
    ...sell,
    route: 'GET /cash_sessions',
    ...{ status: 200, answer: { page: 'cash_sessions' } },
    texts: ['client_id'],
    example: () => ({ url: '/cash_sessions' }),
  },
  {
    ...drawer,
    route: 'GET /cash_sessions/:cash_session_id',
    ...{ status: 200, answer: { one: 'cash_session' } },
    example: async (w) => ({ url: `/cash_sessions/${await open(w)}` }),
  },
  {
    ...drawer,
    route: 'POST /cash_sessions/:cash_session_id/movements',
    ...{ status: 201, answer: { one: 'movement' } },
    example: async (w) => ({
      url: `/cash_sessions/${await open(w)}/movements`,
      body: { kind: 'pay_in', amount: 500, reason: 'Change' },
    }),
  },
  {
    ...drawer,
    route: 'GET /cash_sessions/:cash_session_id/movements',
    ...{ status: 200, answer: { page: 'movements' } },
    example: async (w) => {
      const url = `/cash_sessions/${await open(w)}/movements`;
      await w.call('POST', url, { who: 'seller', body: { kind: 'pay_in', amount: 500, reason: 'Change' } });
      return { url };
    },
  },
  {
    ...drawer,
    route: 'POST /cash_sessions/:cash_session_id/close',
    ...{ status: 200, answer: { one: 'cash_session' } },
    fine: { '/counted': [0] },
    example: async (w) => ({
      url: `/cash_sessions/${await open(w)}/close`,
      body: { counted: 10_000, note: 'Evening' },
    }),
  },
];
