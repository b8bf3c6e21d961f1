import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { AppError, notFound } from '../../errors.ts';
import type { JoinQueue, QueuePlace } from '../../schemas/queues.ts';
import type { System } from '../../system.ts';
import { uuidv7 } from '../../uuid.ts';
import { type Batcher, batcher } from '../batcher.ts';
import { keyedBatch } from '../keyed-batch.ts';
import { admitNext } from './admit.ts';
import { drawIfDue, drawOf } from './draw.ts';
import { presentPlace } from './place.ts';
import {
  addLanes,
  lockQueue,
  type PlaceRow,
  type QueueRow,
  SELECT_PLACES,
  STATUS_NOW,
  USE_OF_PLACE,
} from './row.ts';

interface JoinCommand {
  ctx: Context;
  event_id: number;
  visitor: string | null;
}

/** A place, and whether it was there before. */
export interface Joined extends QueuePlace {
  again?: boolean;
}

/** Was it there before? */
export const isAgain = (place: Joined): boolean => place.again === true;

/** Those who come to the gate of one event go together: they meet on its lock. */
export type JoinQueues = Map<string, Batcher<JoinCommand, Joined>>;

/** Who has one place: a user, or a visitor that a client names. Anybody else is known by the id of the place alone. */
export const callerOf = ({ user_id, client_id }: Context, visitor: string | null): string | null =>
  user_id !== undefined ? `u${user_id}` : visitor === null ? null : `c${client_id} ${visitor}`;

/**
 * Gives the caller a place in the queue of an event: the one they have, or the last one. Who comes before the start takes
 * part in the draw. Where nobody waits and the inflow allows, it is let in at once.
 * @throws AppError not_found for an event without a gate; not_on_sale before the gate opens, and when the event is not sold
 */
export async function joinQueue(ctx: Context, event_id: number, body: JoinQueue): Promise<Joined> {
  const { system, company_id } = ctx;
  const offer = await system.offers.get(system, company_id, event_id);
  if (!offer.channels.has(ctx.interface.id) || offer.status === 'draft') throw notFound('Event');
  if (!offer.gated) throw notFound('Queue');
  if (offer.status !== 'published' && offer.status !== 'paused')
    throw new AppError('not_on_sale', `This event is ${offer.status}.`, { event_status: offer.status });
  const key = `${company_id} ${event_id}`;
  let queue = system.queueJoins.get(key);
  if (!queue) {
    queue = batcher({
      maxInFlight: 1,
      maxSize: 500,
      execute: (commands) =>
        keyedBatch(system, commands, (tx, claimed, outcomes) => join(tx, system, claimed, outcomes)),
    });
    system.queueJoins.set(key, queue);
  }
  return queue({ ctx, event_id, visitor: body?.visitor ?? null });
}

type Outcomes = Map<JoinCommand, { result: Joined } | { refusal: unknown }>;

async function join(
  tx: Tx,
  system: System,
  commands: readonly JoinCommand[],
  outcomes: Outcomes,
): Promise<void> {
  const [first] = commands;
  if (!first) return;
  const { event_id, ctx } = first;
  const { company_id } = ctx;
  const queue = await lockQueue(tx, company_id, event_id);
  const refuse = (refusal: AppError) => {
    for (const command of commands) outcomes.set(command, { refusal });
  };
  if (!queue) {
    system.offers.drop(company_id, event_id);
    return refuse(notFound('Queue'));
  }
  const at = await drawIfDue(tx, company_id, queue);
  if (at < queue.opens_at)
    return refuse(
      new AppError('not_on_sale', 'The queue of this event is not open yet.', {
        event_id,
        retry_at: queue.opens_at.toISOString(),
      }),
    );
  const lanes = [...new Set(commands.map((command) => command.ctx.interface.id))].sort((a, b) => a - b);
  await addLanes(tx, company_id, event_id, lanes);
  const known = await liveOf(tx, company_id, event_id, commands);
  const ids = new Map<JoinCommand, string>();
  const fresh: NewPlace[] = [];
  for (const command of commands) {
    const key = laneKey(command.ctx.interface.id, callerOf(command.ctx, command.visitor));
    const id = (key && known.get(key)) ?? uuidv7();
    ids.set(command, id);
    if (key && known.has(key)) continue;
    if (key) known.set(key, id);
    fresh.push({ command, id });
  }
  for (const interface_id of lanes) {
    const own = fresh.filter(({ command }) => command.ctx.interface.id === interface_id);
    await insertPlaces(tx, queue, company_id, interface_id, own);
    if (queue.drawn_at) await admitNext(tx, company_id, event_id, interface_id);
  }
  const rows = await tx.query<PlaceRow>(GET, [company_id, [...new Set(ids.values())]]);
  const places = new Map(rows.map((row) => [row.id, row]));
  const made = new Set(fresh.map(({ command }) => command));
  for (const [command, id] of ids)
    outcomes.set(command, {
      result: { ...presentPlace(places.get(id) as PlaceRow, at), again: !made.has(command) },
    });
}

interface NewPlace {
  command: JoinCommand;
  id: string;
}

const laneKey = (interface_id: number, caller: string | null) => caller && `${interface_id} ${caller}`;

const GET = statement(
  'queue_places_get',
  `${SELECT_PLACES} WHERE p.company_id = $1 AND p.id = ANY($2::uuid[])`,
);
// A pass that has run out or was spent makes way for a new place.
const END_SPENT = statement(
  'queue_place_end_of_callers',
  `UPDATE queue_place t SET status = x.status::queue_place_status, ended_at = now()
   FROM (SELECT p.id, ${STATUS_NOW} AS status FROM queue_place p LEFT JOIN ${USE_OF_PLACE}
         WHERE p.company_id = $1 AND p.event_id = $2 AND p.interface_id = ANY($3::int[]) AND p.caller = ANY($4::text[])
           AND p.status = 'admitted' AND p.caller IS NOT NULL) AS x
   WHERE t.company_id = $1 AND t.event_id = $2 AND t.interface_id = ANY($3::int[]) AND t.caller = ANY($4::text[])
     AND t.caller IS NOT NULL AND t.id = x.id AND x.status IN ('used', 'expired') AND t.status = 'admitted'`,
);
const LIVE = statement(
  'queue_place_of_callers',
  `SELECT id, interface_id, caller FROM queue_place
   WHERE company_id = $1 AND event_id = $2 AND interface_id = ANY($3::int[]) AND caller = ANY($4::text[])
     AND status IN ('waiting', 'admitted') AND caller IS NOT NULL`,
);

/** The live places of callers. Nobody else gives places meanwhile: the gate is locked. */
async function liveOf(
  tx: Tx,
  company_id: number,
  event_id: number,
  commands: readonly JoinCommand[],
): Promise<Map<string, string>> {
  const callers = commands.flatMap(({ ctx, visitor }) => callerOf(ctx, visitor) ?? []);
  if (!callers.length) return new Map();
  const lanes = [...new Set(commands.map(({ ctx }) => ctx.interface.id))];
  const values = [company_id, event_id, lanes, callers];
  await tx.execute(END_SPENT, values);
  const rows = await tx.query<{ id: string; interface_id: number; caller: string }>(LIVE, values);
  return new Map(rows.map(({ id, interface_id, caller }) => [laneKey(interface_id, caller) as string, id]));
}

// `n` at a time, in the order of their coming: before the draw with a lot, afterwards with the next ranks.
const TAIL = statement(
  'queue_interface_tail',
  `UPDATE queue_interface SET tail = tail + $4 WHERE company_id = $1 AND event_id = $2 AND interface_id = $3
   RETURNING tail`,
);
const INSERT = statement(
  'queue_place_insert',
  `INSERT INTO queue_place (company_id, id, event_id, interface_id, client_id, user_id, visitor, caller, draw, rank)
   SELECT $1, r.id, $2, $3, r.client_id, r.user_id, r.visitor, r.caller, decode(r.draw, 'hex'), r.rank
   FROM unnest($4::uuid[], $5::text[], $6::int[], $7::text[], $8::text[], $9::text[], $10::int[])
     AS r (id, client_id, user_id, visitor, caller, draw, rank)`,
);

async function insertPlaces(
  tx: Tx,
  { event_id, seed, drawn_at }: QueueRow,
  company_id: number,
  interface_id: number,
  places: readonly NewPlace[],
): Promise<void> {
  if (!places.length) return;
  const n = places.length;
  const key = [company_id, event_id, interface_id];
  const [end] = drawn_at ? await tx.query<{ tail: number }>(TAIL, [...key, n]) : [];
  await tx.execute(INSERT, [
    ...key,
    places.map(({ id }) => id),
    places.map(({ command }) => command.ctx.client_id),
    places.map(({ command }) => command.ctx.user_id ?? null),
    places.map(({ command }) => command.visitor),
    places.map(({ command }) => callerOf(command.ctx, command.visitor)),
    places.map(({ id }) => (end ? null : drawOf(seed, id).toString('hex'))),
    places.map((_, i) => (end ? end.tail - n + 1 + i : null)),
  ]);
}
