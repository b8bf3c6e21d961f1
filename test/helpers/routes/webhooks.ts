import { sequenceChanges } from '../../../src/services/feed/sequence.ts';
import type { ApiWorld } from '../api-world.ts';
import type { RouteEntry } from '../route-table.ts';

const company = { scopes: ['admin'], status: 200 } as const;
const admin = { ...company, of: 'company' } as const;
const address = 'https://hooks.example.com/ticketing';

async function webhook({ call }: ApiWorld): Promise<string> {
  const answer = await call('POST', '/webhooks', { who: 'admin', body: { url: address, types: ['cart.*'] } });
  return answer.json().webhook.id;
}

/** A webhook that a change is on its way to. */
async function delivery(world: ApiWorld): Promise<{ webhook: string; id: string }> {
  const id = await webhook(world);
  await world.paid('seller');
  for (;;) {
    await sequenceChanges(world.system); // other transactions of the server may hold it back
    const { deliveries } = (await world.call('GET', `/webhooks/${id}/deliveries`, { who: 'admin' })).json();
    if (deliveries.length) return { webhook: id, id: deliveries[0].id };
  }
}

/** The change feed and webhooks. */
export const webhookRoutes: readonly RouteEntry[] = [
  {
    route: 'GET /changes',
    ...{ scopes: ['sell', 'admin'], status: 200, answer: 'bare' },
    example: async (world) => {
      await world.paid('seller');
      return { url: '/changes?types=cart.*,ticket.issued&limit=10' };
    },
  },
  {
    route: 'GET /changes/stream',
    ...{ scopes: ['sell', 'admin'], status: 200, answer: 'file' },
    example: () => ({ url: '/changes/stream?seconds=1' }),
  },
  {
    ...company,
    route: 'GET /webhooks',
    answer: { page: 'webhooks' },
    example: async (world) => {
      await webhook(world);
      return { url: '/webhooks' };
    },
  },
  {
    ...company,
    route: 'POST /webhooks',
    ...{ status: 201, answer: { one: 'webhook' } },
    nullable: ['/description', '/interface_id'],
    fine: { '/types': [[]] },
    example: ({ accounts }) => ({
      url: '/webhooks',
      body: {
        ...{ url: address, types: ['cart.paid', 'ticket.*'], active: true, description: 'Till' },
        interface_id: accounts.interfaces.web,
      },
    }),
  },
  {
    ...admin,
    route: 'GET /webhooks/:webhook_id',
    answer: { one: 'webhook' },
    example: async (world) => ({ url: `/webhooks/${await webhook(world)}` }),
  },
  {
    ...admin,
    route: 'PATCH /webhooks/:webhook_id',
    ...{ answer: { one: 'webhook' }, ifMatch: true },
    nullable: ['/description', '/interface_id'],
    fine: { '/types': [[]] },
    example: async (world) => ({
      url: `/webhooks/${await webhook(world)}`,
      body: {
        ...{ url: `${address}/2`, types: ['cart.paid'], active: false },
        ...{ interface_id: world.accounts.interfaces.web, description: 'Till' },
      },
    }),
    bodyOf: () => ({ url: address }),
  },
  {
    ...admin,
    route: 'DELETE /webhooks/:webhook_id',
    ...{ status: 204, answer: 'empty', ifMatch: true },
    example: async (world) => ({ url: `/webhooks/${await webhook(world)}` }),
  },
  {
    ...admin,
    route: 'POST /webhooks/:webhook_id/rotate_secret',
    answer: { one: 'webhook' },
    fine: { '/overlap_seconds': [0] },
    example: async (world) => ({
      url: `/webhooks/${await webhook(world)}/rotate_secret`,
      body: { overlap_seconds: 3_600 },
    }),
  },
  {
    ...admin,
    route: 'GET /webhooks/:webhook_id/deliveries',
    answer: { page: 'deliveries' },
    example: async (world) => ({ url: `/webhooks/${(await delivery(world)).webhook}/deliveries` }),
  },
  {
    ...admin,
    route: 'POST /webhooks/:webhook_id/deliveries/:delivery_id/redeliver',
    ...{ status: 202, answer: { one: 'delivery' } },
    example: async (world) => {
      const { webhook, id } = await delivery(world);
      return { url: `/webhooks/${webhook}/deliveries/${id}/redeliver` };
    },
  },
  {
    ...admin,
    route: 'POST /webhooks/:webhook_id/redeliver',
    ...{ status: 202, answer: { one: 'redelivery' } },
    fine: { '/since': [0, 2 ** 31] },
    example: async (world) => ({
      url: `/webhooks/${(await delivery(world)).webhook}/redeliver`,
      body: { since: 1 },
    }),
  },
];
