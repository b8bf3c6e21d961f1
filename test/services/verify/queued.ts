import { openCart } from '../../../src/services/carts/hold.ts';
import { joinQueue } from '../../../src/services/queue/join.ts';
import { sweepQueues } from '../../../src/services/queue/sweep.ts';
import { payByToken } from '../../helpers/payments.ts';
import { names, queueWorld } from '../../helpers/queues.ts';
import { fromNow, type SalesWorld } from '../../helpers/sales-world.ts';
import { type Breaches, oneOf } from './sql.ts';

/** A sale behind a gate: some came before the start, some later; some bought, one holds, the box office did not queue. */
export async function queueUp(world: SalesWorld): Promise<void> {
  const gate = queueWorld(world);
  await gate.set({ opens_at: fromNow(-1_000), starts_at: fromNow(3_600_000), inflow: 18 });
  await gate.come(names(4, 'early'));
  await gate.later(3_600);
  await sweepQueues(world.system);
  await gate.later(60);
  await sweepQueues(world.system);
  const ana = () => world.buyer({ user_id: world.ana });
  const own = await joinQueue(ana(), gate.event_id, undefined);
  const places = await gate.come(names(3, 'early'));
  const items = [{ ticket_type_id: world.festival.adult, quantity: 1 }];
  const inside = [...places, own].filter(({ status }) => status === 'admitted');
  const [first, second] = inside;
  const bought = await openCart(world.buyer(), { items, queue_place_ids: [first?.id as string] });
  await payByToken(world.buyer(), bought.id, 'approved');
  await openCart(world.buyer(), { items, queue_place_ids: [second?.id as string] });
  await openCart(world.seller(), { items });
  await gate.come(names(4, 'late'));
}

const ENTRY = 'place_id IS NOT NULL';

/** Gates, rounds, places and entries. */
export const QUEUE_BREACHES: Breaches = {
  queue_within_inflow: [
    [
      `WITH last AS (SELECT max(id) AS id, min(id) AS first FROM queue_round),
         moved AS (UPDATE queue_place SET admitted_at = admitted_at + interval '59 seconds'
           WHERE admitted_at = (SELECT at FROM queue_round, last WHERE queue_round.id = last.first) RETURNING 1)
       UPDATE queue_round SET at = CASE WHEN id = (SELECT first FROM last) THEN at + interval '59 seconds' ELSE at END,
         inflow = admitted`,
    ],
  ],
  queue_pass_has_its_round: [[oneOf('queue_round', 'admitted < inflow', 'admitted = admitted + 1')]],
  queue_in_order: [
    ["UPDATE queue SET seed = 'another'"],
    [
      'ALTER TABLE queue_place DISABLE TRIGGER ALL',
      `UPDATE queue_place SET rank = rank + 1000 WHERE rank = 1`,
    ],
  ],
  gated_line_has_its_entry: [[`DELETE FROM queue_entry WHERE place_id IS NULL`]],
  queue_pass_opens_one_cart: [
    [
      `UPDATE queue_entry SET place_id = gen_random_uuid() WHERE ctid = (SELECT ctid FROM queue_entry WHERE ${ENTRY} LIMIT 1)`,
    ],
    [
      `UPDATE queue_entry SET place_id = (SELECT min(place_id::text)::uuid FROM queue_entry) WHERE place_id IS NULL`,
    ],
  ],
};
