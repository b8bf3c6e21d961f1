import type { FastifyInstance } from 'fastify';
import { CLIENT_IDS, COUNTRY_ID, JOHN, STATE_ID } from '../../prisma/seed/demo/people.ts';
import { SLUGS } from '../../prisma/seed/demo.ts';
import type { Demo } from '../../prisma/seed/index.ts';
import { statement } from '../db/client.ts';
import { ownApi, signIn, type Tokens } from './own-api.ts';

/** Names and values of a Postman environment, in order. */
export type EnvironmentValues = readonly (readonly [
  name: string,
  value: string | number | null | undefined,
])[];

const SCOPE = 'public buy sell admin';
const USER_SCOPE = 'public buy';

interface Catalogue {
  interface_id: number;
  other_interface_id: number | null;
  theatre_id: number | null;
  festival_id: number | null;
  stadium_id: number | null;
  sold_out_id: number | null;
  festival_ticket_type_id: number | null;
  map_id: number | null;
  code: string | null;
  seat_id: number | null;
  user_id: number | null;
  address_id: number | null;
  guest_id: number | null;
  plan_id: number | null;
  plan_setting_id: number | null;
  subscription_id: string | null;
}

const CATALOGUE = statement(
  'demo_catalogue',
  `WITH named AS (SELECT id, slug FROM event WHERE company_id = $1)
   SELECT c.default_interface_id AS interface_id,
     (SELECT id FROM interface WHERE company_id = $1 AND kind = 'partner' ORDER BY id LIMIT 1) AS other_interface_id,
     theatre.id AS theatre_id, festival.id AS festival_id,
     (SELECT id FROM named WHERE slug = $5) AS stadium_id, (SELECT id FROM named WHERE slug = $6) AS sold_out_id,
     (SELECT min(id) FROM ticket_type WHERE company_id = $1 AND event_id = festival.id) AS festival_ticket_type_id,
     (SELECT min(map_id) FROM event_map WHERE company_id = $1 AND event_id = theatre.id) AS map_id,
     (SELECT code FROM code WHERE company_id = $1 AND event_id = theatre.id AND kind = 'percentage' ORDER BY id LIMIT 1)
       AS code,
     (SELECT s.id FROM event_seat e JOIN seat s ON s.company_id = e.company_id AND s.id = e.seat_id
       WHERE e.company_id = $1 AND e.event_id = theatre.id AND e.status = 'available'
         AND NOT s.accessible AND s.companion_of IS NULL ORDER BY s.rank LIMIT 1) AS seat_id,
     u.id AS user_id,
     (SELECT min(id) FROM address WHERE company_id = $1 AND user_id = u.id) AS address_id,
     (SELECT min(id) FROM guest WHERE company_id = $1 AND user_id = u.id) AS guest_id,
     p.plan_id, p.id AS plan_setting_id,
     (SELECT b.id FROM subscription b WHERE b.company_id = $1 AND b.user_id = u.id ORDER BY b.status <> 'active', b.id LIMIT 1)
       AS subscription_id
   FROM client c
   LEFT JOIN named theatre ON theatre.slug = $3
   LEFT JOIN named festival ON festival.slug = $4
   LEFT JOIN user_account u ON u.company_id = $1 AND u.email_key = $7
   LEFT JOIN plan_setting p ON p.company_id = $1 AND p.active
   WHERE c.company_id = $1 AND c.id = $2
   ORDER BY p.id LIMIT 1`,
);

interface Purchase {
  ticket_id: string;
  cart_id: string;
  sale_detail_id: string;
  job_id: string | null;
}

const PURCHASE = statement(
  'demo_purchase',
  `SELECT t.id AS ticket_id, t.cart_id, t.sale_detail_id, p.job_id
   FROM ticket t JOIN payment p ON p.company_id = t.company_id AND p.cart_id = t.cart_id
   WHERE t.company_id = $1 AND t.event_id = $2 AND t.user_id = $3 AND t.status IN ('valid', 'used')
   ORDER BY t.status, p.job_id IS NULL, t.id LIMIT 1`,
);

/**
 * What a client of the demo company can fill in: the 33 variables of the published example environment under their
 * names and in their order, then those of the demo. Tokens are new with every call.
 */
export async function demoValues(app: FastifyInstance, demo: Demo): Promise<EnvironmentValues> {
  const { db, publicUrl } = app.system;
  const { company_id, secrets } = demo;
  const slugs = [SLUGS.theatre, SLUGS.festival, SLUGS.stadium, SLUGS.sold_out];
  const [found] = await db.query<Catalogue>(CATALOGUE, [
    company_id,
    CLIENT_IDS.back_office,
    ...slugs,
    JOHN.email,
  ]);
  if (!found) throw new Error('the demo company has lost its back office client');
  const [bought] = await db.query<Purchase>(PURCHASE, [company_id, found.theatre_id, found.user_id]);

  const client = { id: CLIENT_IDS.back_office, secret: secrets.clients.back_office };
  const tokens = await signIn(app, client, { grant_type: 'client_credentials', scope: SCOPE });
  const session = await signIn(app, client, {
    ...{ grant_type: 'password', scope: USER_SCOPE, username: JOHN.email, password: secrets.password },
  });
  const qr_code = bought && (await qrCode(app, tokens, found.interface_id, bought.ticket_id));
  return [
    ['site_url', publicUrl],
    ['api_url', publicUrl],
    ['access_token_url', `${publicUrl}/auth/token`],
    ['client_id', client.id],
    ['client_secret', client.secret],
    ['username', JOHN.email],
    ['password', secrets.password],
    ['new_password', secrets.new_password],
    ['access_token', tokens.access_token],
    ['refresh_token', session.refresh_token],
    ['scope', SCOPE],
    ['interface_id', found.interface_id],
    ['event_id', found.theatre_id],
    ['map_id', found.map_id],
    ['cart_id', bought?.cart_id],
    ['job_id', bought?.job_id],
    ['code', found.code],
    ['seat_id', found.seat_id],
    ['ticket_id', bought?.ticket_id],
    ['qr_code', qr_code],
    ['sale_detail_id', bought?.sale_detail_id],
    ['user_id', found.user_id],
    ['user_email', JOHN.email],
    ['user_first_name', JOHN.first_name],
    ['user_last_name', JOHN.last_name],
    ['country_id', COUNTRY_ID],
    ['state_id', STATE_ID],
    ['address_id', found.address_id],
    ['guest_id', found.guest_id],
    ['plan_id', found.plan_id],
    ['plan_setting_id', found.plan_setting_id],
    ['subscription_id', found.subscription_id],
    ['resources', 'interfaces,currencies'],
    ['demo_web_client_id', CLIENT_IDS.web],
    ['demo_web_client_secret', secrets.clients.web],
    ['demo_pos_client_id', CLIENT_IDS.box_office],
    ['demo_pos_client_secret', secrets.clients.box_office],
    ['demo_admin_client_id', CLIENT_IDS.back_office],
    ['demo_admin_client_secret', secrets.clients.back_office],
    ['demo_theatre_event_id', found.theatre_id],
    ['demo_festival_event_id', found.festival_id],
    ['demo_festival_ticket_type_id', found.festival_ticket_type_id],
    ['demo_stadium_event_id', found.stadium_id],
    ['demo_sold_out_event_id', found.sold_out_id],
    ['demo_other_interface_id', found.other_interface_id],
  ];
}

async function qrCode(app: FastifyInstance, tokens: Tokens, interface_id: number, ticket_id: string) {
  const api = ownApi(app, tokens, interface_id);
  return (await api.call<{ ticket: { qr_code: string } }>('GET', `/tickets/${ticket_id}`)).ticket.qr_code;
}
