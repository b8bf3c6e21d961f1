import type { RouteEntry } from '../route-table.ts';

const own = { scopes: ['buy', 'sell', 'admin'], status: 200, of: 'interface', own: true } as const;
const buyers = { scopes: ['buy', 'sell'], status: 200, of: 'interface', own: true } as const;
const staff = { scopes: ['sell', 'admin'], status: 200, of: 'interface' } as const;
const door = { scopes: ['admin'], status: 200, of: 'interface' } as const;

/** Tickets and the door. */
export const doorRoutes: readonly RouteEntry[] = [
  {
    route: 'GET /tickets',
    ...{ scopes: ['buy', 'sell', 'admin'], status: 200, answer: { page: 'tickets' }, user: true },
    texts: ['q'],
    example: () => ({ url: '/tickets' }),
  },
  {
    ...own,
    route: 'GET /tickets/:ticket_id',
    answer: { one: 'ticket' },
    example: async (w, who) => ({ url: `/tickets/${(await w.paid(who)).ticket}` }),
  },
  {
    ...staff,
    route: 'GET /tickets/qr/:qr_code',
    answer: { one: 'ticket' },
    example: async (w) => ({ url: `/tickets/qr/${await w.code()}` }),
  },
  {
    ...staff,
    scopes: ['sell'],
    route: 'GET /tickets/:ticket_id/code',
    answer: { one: 'code' },
    example: async (w, who) => ({ url: `/tickets/${(await w.paid(who)).ticket}/code` }),
  },
  {
    ...buyers,
    route: 'GET /tickets/:ticket_id/qr.svg',
    answer: 'file',
    example: async (w, who) => ({ url: `/tickets/${(await w.paid(who)).ticket}/qr.svg` }),
  },
  {
    ...buyers,
    route: 'GET /tickets/:ticket_id/qr.png',
    answer: 'file',
    example: async (w, who) => ({ url: `/tickets/${(await w.paid(who)).ticket}/qr.png` }),
  },
  {
    ...buyers,
    route: 'GET /tickets/:ticket_id.pdf',
    answer: 'file',
    example: async (w, who) => ({ url: `/tickets/${(await w.paid(who)).ticket}.pdf` }),
  },
  {
    ...buyers,
    route: 'GET /tickets/:ticket_id.pkpass',
    answer: 'file',
    example: async (w, who) => ({ url: `/tickets/${(await w.paid(who)).ticket}.pkpass` }),
  },
  {
    ...buyers,
    route: 'GET /tickets/:ticket_id.ics',
    answer: 'file',
    example: async (w, who) => ({ url: `/tickets/${(await w.paid(who)).ticket}.ics` }),
  },
  {
    ...buyers,
    route: 'GET /carts/:cart_id/tickets.pdf',
    answer: 'file',
    example: async (w, who) => ({ url: `/carts/${(await w.paid(who)).id}/tickets.pdf` }),
  },
  {
    ...buyers,
    route: 'PATCH /tickets/:ticket_id',
    ...{ answer: { one: 'ticket' }, ifMatch: true },
    nullable: ['/holder/email', '/holder/document_number'],
    example: async (w, who) => ({
      url: `/tickets/${(await w.paid(who)).ticket}`,
      body: { holder: { first_name: 'Eva', last_name: 'Roe', email: 'eva@mail.com', document_number: '9' } },
    }),
  },
  {
    ...staff,
    route: 'POST /tickets/:ticket_id/reissue',
    answer: { one: 'ticket' },
    example: async (w, who) => ({
      url: `/tickets/${(await w.paid(who)).ticket}/reissue`,
      body: { reason: 'Lost phone' },
    }),
  },
  {
    ...staff,
    route: 'POST /tickets/:ticket_id/void',
    answer: { one: 'ticket' },
    example: async (w, who) => ({
      url: `/tickets/${(await w.paid(who)).ticket}/void`,
      body: { reason: 'Fraud' },
    }),
  },
  {
    ...staff,
    route: 'GET /events/:event_id/tickets',
    answer: { page: 'tickets' },
    texts: ['q'],
    example: ({ event_id }) => ({ url: `/events/${event_id}/tickets` }),
  },
  {
    route: 'POST /validations',
    ...{ scopes: ['admin'], status: 201, answer: { one: 'validation' } },
    fine: { '/qr_code': [' '], '/force': [true] },
    example: async (w) => ({
      url: '/validations',
      body: {
        ...{ qr_code: await w.code(), event_id: w.event_id, gate_id: w.gate_id, direction: 'entry' },
        ...{ scanned_at: new Date().toISOString(), force: { reason: 'Known face' } },
      },
    }),
  },
  {
    route: 'GET /validations',
    ...{ scopes: ['admin'], status: 200, answer: { page: 'validations' } },
    example: () => ({ url: '/validations' }),
  },
  {
    ...door,
    route: 'GET /validations/:validation_id',
    answer: { one: 'validation' },
    example: async (w) => ({ url: `/validations/${await w.validation()}` }),
  },
  {
    ...staff,
    route: 'POST /validations/:validation_id/undo',
    bodyless: true,
    answer: { one: 'validation' },
    example: async (w) => ({ url: `/validations/${await w.validation()}/undo` }),
  },
  {
    ...door,
    route: 'GET /events/:event_id/validations/summary',
    answer: { one: 'summary' },
    example: ({ event_id }) => ({ url: `/events/${event_id}/validations/summary` }),
  },
];
