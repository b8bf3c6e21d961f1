import type { FastifyInstance } from 'fastify';
import { CLIENT_IDS } from '../../prisma/seed/demo/people.ts';
import { SLUGS } from '../../prisma/seed/demo.ts';
import type { Demo } from '../../prisma/seed/index.ts';
import { statement } from '../db/client.ts';
import { ownApi, signIn } from './own-api.ts';

const LIST = statement(
  'demo_waitlist',
  `SELECT e.id AS event_id, c.default_interface_id AS interface_id,
     EXISTS (SELECT FROM waitlist_entry w WHERE w.company_id = e.company_id AND w.event_id = e.id) AS begun
   FROM event e JOIN client c ON c.company_id = e.company_id AND c.id = $3
   WHERE e.company_id = $1 AND e.slug = $2 AND e.status = 'published'`,
);

const PARTIES = [
  { party_size: 2, together: true, email: 'ada@example.com' },
  { party_size: 1, max_price: 15_000, email: 'alan@example.com' },
  { party_size: 4, email: 'grace@example.com' },
];

/** Three parties that wait for the sold-out event, through the API itself. */
export async function fillDemoWaitlist(app: FastifyInstance, demo: Demo): Promise<void> {
  const [list] = await app.system.db.query<{ event_id: number; interface_id: number; begun: boolean }>(LIST, [
    ...[demo.company_id, SLUGS.sold_out, CLIENT_IDS.web],
  ]);
  if (!list || list.begun) return;
  const client = { id: CLIENT_IDS.web, secret: demo.secrets.clients.web };
  const token = await signIn(app, client, { grant_type: 'client_credentials', scope: 'public buy' });
  const api = ownApi(app, token, list.interface_id);
  for (const party of PARTIES) await api.call('POST', `/events/${list.event_id}/waitlist`, party);
}
