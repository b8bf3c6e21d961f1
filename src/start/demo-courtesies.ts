import type { FastifyInstance } from 'fastify';
import { CLIENT_IDS } from '../../prisma/seed/demo/people.ts';
import { SLUGS } from '../../prisma/seed/demo.ts';
import type { Demo } from '../../prisma/seed/index.ts';
import { statement } from '../db/client.ts';
import { ownApi, signIn } from './own-api.ts';

const FESTIVAL = statement(
  'demo_courtesies_left',
  `SELECT e.id AS event_id, min(t.id) AS ticket_type_id, c.default_interface_id AS interface_id,
     ARRAY (SELECT h.host FROM host_quota h WHERE h.company_id = e.company_id AND h.event_id = e.id) AS hosts,
     EXISTS (SELECT FROM courtesy k WHERE k.company_id = e.company_id AND k.event_id = e.id) AS given
   FROM event e
   JOIN ticket_type t ON t.company_id = e.company_id AND t.event_id = e.id
   JOIN client c ON c.company_id = e.company_id AND c.id = $3
   WHERE e.company_id = $1 AND e.slug = $2 AND e.status = 'published'
   GROUP BY e.company_id, e.id, c.default_interface_id`,
);

/** The press gives by itself; what the sponsor gives waits for an approval. */
const HOSTS = [
  { host: 'Press', quota: 20, approval: false },
  { host: 'Sponsor', quota: 50, approval: true },
];
const GUESTS = {
  Press: [
    { first_name: 'Ada', last_name: 'Lovelace' },
    { first_name: 'Alan', last_name: 'Turing' },
  ],
  Sponsor: [{ first_name: 'Grace', last_name: 'Hopper' }],
};

/** Hosts of the festival with their quotas, and what they have given so far, through the API itself. No mails go out. */
export async function giveDemoCourtesies(app: FastifyInstance, demo: Demo): Promise<void> {
  const [festival] = await app.system.db.query<{
    event_id: number;
    ticket_type_id: number;
    interface_id: number;
    hosts: string[];
    given: boolean;
  }>(FESTIVAL, [demo.company_id, SLUGS.festival, CLIENT_IDS.back_office]);
  if (!festival || festival.given) return;
  const { event_id, ticket_type_id, interface_id, hosts } = festival;
  const client = { id: CLIENT_IDS.back_office, secret: demo.secrets.clients.back_office };
  const token = await signIn(app, client, { grant_type: 'client_credentials', scope: 'public admin' });
  const api = ownApi(app, token, interface_id);
  for (const host of HOSTS)
    if (!hosts.includes(host.host)) await api.call('POST', `/events/${event_id}/hosts`, host);
  for (const [host, guests] of Object.entries(GUESTS))
    await api.call('POST', '/courtesies', { event_id, ticket_type_id, host, guests, mail: false });
}
