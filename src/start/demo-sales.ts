import type { FastifyInstance } from 'fastify';
import { CLIENT_IDS, type ClientName, JOHN } from '../../prisma/seed/demo/people.ts';
import { SLUGS } from '../../prisma/seed/demo.ts';
import type { Demo } from '../../prisma/seed/index.ts';
import { statement } from '../db/client.ts';
import { giveDemoCourtesies } from './demo-courtesies.ts';
import { fillDemoWaitlist } from './demo-waitlist.ts';
import { type OwnApi, ownApi, signIn } from './own-api.ts';

/** Tickets a cart of the sold-out event. */
const AT_ONCE = 20;

const LEFT = statement(
  'demo_places_left',
  `SELECT t.id AS ticket_type_id, c.default_interface_id AS interface_id,
     s.capacity - s.held - s.sold - s.blocked AS places
   FROM event e JOIN event_section s ON s.company_id = e.company_id AND s.event_id = e.id
   JOIN ticket_type t ON t.company_id = e.company_id AND t.event_id = e.id AND s.section_id = ANY(t.section_ids)
   JOIN client c ON c.company_id = e.company_id AND c.id = $3
   WHERE e.company_id = $1 AND e.slug = $2 AND e.status = 'published'`,
);
const JOHNS = statement(
  'demo_johns_seat',
  `SELECT u.id AS user_id, min(t.id) AS ticket_type_id, c.default_interface_id AS interface_id,
     EXISTS (SELECT FROM ticket k WHERE k.company_id = e.company_id AND k.event_id = e.id AND k.user_id = u.id
       AND k.status IN ('valid', 'used')) AS has_one
   FROM event e JOIN ticket_type t ON t.company_id = e.company_id AND t.event_id = e.id
   JOIN user_account u ON u.company_id = e.company_id AND u.email_key = $3
   JOIN client c ON c.company_id = e.company_id AND c.id = $4
   WHERE e.company_id = $1 AND e.slug = $2 AND e.status = 'published' AND NOT t.access_code_required
   GROUP BY e.company_id, e.id, u.id, c.default_interface_id`,
);

// The first way to buy the first membership, unless John has one.
const MEMBERSHIP = statement(
  'demo_membership',
  `SELECT u.id AS user_id, s.id AS plan_setting_id, c.default_interface_id AS interface_id
   FROM plan p JOIN plan_setting s ON s.company_id = p.company_id AND s.plan_id = p.id AND s.active
   JOIN user_account u ON u.company_id = p.company_id AND u.email_key = $2
   JOIN client c ON c.company_id = p.company_id AND c.id = $3
   WHERE p.company_id = $1 AND p.kind = 'membership' AND p.active AND NOT EXISTS (SELECT FROM subscription b
     WHERE b.company_id = p.company_id AND b.user_id = u.id AND b.status IN ('active', 'past_due', 'paused'))
   ORDER BY s.id LIMIT 1`,
);

/**
 * Buys through the API itself what the demo company is said to have sold, so that every rule held when it was: all
 * places of the sold-out event, John's seat in the theatre and his membership, and courtesies of the festival. What is sold already is not bought again.
 */
export async function makeDemoSales(app: FastifyInstance, demo: Demo): Promise<void> {
  await sellOut(app, demo);
  await sellToJohn(app, demo);
  await subscribeJohn(app, demo);
  await giveDemoCourtesies(app, demo);
  await fillDemoWaitlist(app, demo);
}

async function sellOut(app: FastifyInstance, demo: Demo): Promise<void> {
  const values = [demo.company_id, SLUGS.sold_out, CLIENT_IDS.box_office];
  const [left] = await app.system.db.query<{ ticket_type_id: number; interface_id: number; places: number }>(
    LEFT,
    values,
  );
  if (!left?.places) return;
  const api = await as(app, demo, 'box_office', 'public sell', left.interface_id);
  for (let places = left.places; places > 0; places -= AT_ONCE) {
    const items = [{ ticket_type_id: left.ticket_type_id, quantity: Math.min(AT_ONCE, places) }];
    await buy(api, { items }, { method: 'cash' });
  }
}

async function sellToJohn(app: FastifyInstance, demo: Demo): Promise<void> {
  const values = [demo.company_id, SLUGS.theatre, JOHN.email, CLIENT_IDS.back_office];
  const [john] = await app.system.db.query<{
    user_id: number;
    ticket_type_id: number;
    interface_id: number;
    has_one: boolean;
  }>(JOHNS, values);
  if (!john || john.has_one) return;
  const api = await as(app, demo, 'back_office', 'public sell', john.interface_id);
  const { email, first_name, last_name } = JOHN;
  const holder = { first_name, last_name, email };
  const items = [{ ticket_type_id: john.ticket_type_id, best_available: { quantity: 1 }, holder }];
  await buy(
    api,
    { items, buyer: holder, user_id: john.user_id },
    { method: 'card', card: { token: 'sandbox_approved' } },
  );
}

async function subscribeJohn(app: FastifyInstance, demo: Demo): Promise<void> {
  const values = [demo.company_id, JOHN.email, CLIENT_IDS.back_office];
  const [plan] = await app.system.db.query<{
    user_id: number;
    plan_setting_id: number;
    interface_id: number;
  }>(MEMBERSHIP, values);
  if (!plan) return;
  const api = await as(app, demo, 'back_office', 'public sell', plan.interface_id);
  await buy(
    api,
    { items: [{ plan_setting_id: plan.plan_setting_id }], user_id: plan.user_id },
    { method: 'card', card: { token: 'sandbox_approved', save: true } },
  );
}

async function as(
  app: FastifyInstance,
  { secrets }: Demo,
  name: ClientName,
  scope: string,
  interface_id: number,
) {
  const client = { id: CLIENT_IDS[name], secret: secrets.clients[name] };
  return ownApi(app, await signIn(app, client, { grant_type: 'client_credentials', scope }), interface_id);
}

/** @throws Error when the cart is not paid at the end */
async function buy(api: OwnApi, cart: object, payment: object): Promise<void> {
  const { id } = (await api.call<{ cart: { id: string } }>('POST', '/carts', cart)).cart;
  const answer = await api.call<{ payment: { status: string } }>('POST', `/carts/${id}/payments`, payment);
  if (answer.payment.status !== 'captured')
    throw new Error(`cart ${id} is not paid: ${answer.payment.status}`);
}
