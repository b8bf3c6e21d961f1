import type { Item } from './item.ts';

const QUEUE = '/events/{{new_event_id}}/queue';

/** An event behind a gate: how it is set, and how a buyer queues. */
export const queues: Item[] = [
  {
    operation: 'putQueueSettings',
    name: 'Put the event behind a gate whose sale has started',
    method: 'PUT',
    path: `${QUEUE}/settings`,
    body: {
      ...{
        opens_at: '2026-01-10T09:00:00Z',
        starts_at: '2026-01-10T10:00:00Z',
        inflow: 600,
        pass_seconds: 900,
      },
      interfaces: [{ interface_id: '{{new_event_interface_id}}', max_inside: 5_000 }],
    },
    status: 200,
    root: 'queue',
    test: { runs: "json.queue.status === 'running'" },
  },
  { operation: 'getQueueSettings', method: 'GET', path: `${QUEUE}/settings`, status: 200, root: 'queue' },
  {
    operation: 'getQueue',
    method: 'GET',
    path: QUEUE,
    status: 200,
    root: 'queue',
    test: { 'tells the hash of the seed': '/^[0-9a-f]{64}$/.test(json.queue.seed_hash)' },
  },
  {
    operation: 'joinQueue',
    method: 'POST',
    path: QUEUE,
    body: { visitor: 'session-of-ana' },
    status: 201,
    root: 'place',
    set: { queue_place_id: 'json.place.id' },
    test: { 'is let in, for nobody waits': "json.place.status === 'admitted'" },
  },
  {
    operation: 'joinQueue',
    name: 'The same visitor has the same place: 200',
    method: 'POST',
    path: QUEUE,
    body: { visitor: 'session-of-ana' },
    status: 200,
    root: 'place',
    test: { 'is the same': "json.place.id === pm.collectionVariables.get('queue_place_id')" },
  },
  {
    operation: 'getQueuePlace',
    method: 'GET',
    path: `${QUEUE}/{{queue_place_id}}`,
    status: 200,
    root: 'place',
    test: { 'has a pass': 'json.place.pass_expires_at !== null' },
  },
  {
    operation: 'getQueueSummary',
    method: 'GET',
    path: `${QUEUE}/summary`,
    status: 200,
    root: 'queue',
    test: { 'counts who is inside': 'json.queue.inside === 1 && json.queue.waiting === 0' },
  },
  { operation: 'leaveQueue', method: 'DELETE', path: `${QUEUE}/{{queue_place_id}}`, status: 204 },
  {
    operation: 'deleteQueue',
    name: 'Anybody may buy again',
    method: 'DELETE',
    path: `${QUEUE}/settings`,
    status: 204,
  },
];
