import type { ApiWorld, Who } from '../api-world.ts';
import type { RouteEntry } from '../route-table.ts';

const owner = { scopes: ['buy', 'sell'], of: 'interface', own: true } as const;

/** A ticket of `who` that is on offer. */
async function offered(w: ApiWorld, who: Who): Promise<string> {
  const { ticket } = await w.paid(who);
  const body = { email: 'friend@mail.com' };
  const owning = (['john', 'mary', 'outsider', 'buyer', 'stranger'] as Who[]).includes(who) ? who : 'seller';
  const answer = await w.call('POST', `/tickets/${ticket}/transfer`, { who: owning, body });
  if (answer.statusCode !== 201) throw new Error(`transfer of ${who}: ${answer.body}`);
  return ticket;
}

/** The code of a new offer of a ticket, made by its owner to whoever asks. */
async function offeredCode(w: ApiWorld): Promise<string> {
  await offered(w, 'seller');
  const { rows } = await w.system.db.pool.query(
    "SELECT data ->> 'code' AS code FROM mail WHERE template = 'ticket_transfer' ORDER BY id DESC LIMIT 1",
  );
  return rows[0].code;
}

/** Tickets that pass from hand to hand. */
export const transferRoutes: readonly RouteEntry[] = [
  {
    ...owner,
    route: 'POST /tickets/:ticket_id/transfer',
    ...{ status: 201, answer: { created: 'transfer' } },
    example: async (w, who) => ({
      url: `/tickets/${(await w.paid(who)).ticket}/transfer`,
      body: { email: 'friend@mail.com', message: 'See you there' },
    }),
  },
  {
    ...owner,
    route: 'DELETE /tickets/:ticket_id/transfer',
    ...{ status: 204, answer: 'empty' },
    example: async (w, who) => ({ url: `/tickets/${await offered(w, who)}/transfer` }),
  },
  {
    ...owner,
    route: 'GET /tickets/:ticket_id/transfers',
    ...{ scopes: ['buy', 'sell', 'admin'], status: 200, answer: { whole: 'transfers' } },
    example: async (w, who) => ({ url: `/tickets/${await offered(w, who)}/transfers` }),
  },
  {
    route: 'POST /transfers/:code/accept',
    ...{ scopes: ['buy'], status: 200, answer: { one: 'ticket' }, of: 'interface', user: true },
    example: async (w) => ({ url: `/transfers/${await offeredCode(w)}/accept` }),
  },
  {
    route: 'POST /transfers/:code/decline',
    ...{ scopes: ['buy'], status: 200, answer: { one: 'transfer' }, of: 'interface' },
    example: async (w) => ({ url: `/transfers/${await offeredCode(w)}/decline` }),
  },
];
