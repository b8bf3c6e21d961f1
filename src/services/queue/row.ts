import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';

/** The gate of an event as its table has it. */
export interface QueueRow {
  event_id: number;
  opens_at: Date;
  starts_at: Date;
  inflow: number;
  max_inside: number | null;
  pass_seconds: number;
  paused: boolean;
  seed: string;
  drawn_at: Date | null;
  created_at: Date;
  updated_at: Date;
}

export type PlaceStatus = 'waiting' | 'admitted' | 'used' | 'expired' | 'left';

/** A place with what of its lane tells how long it will wait. */
export interface PlaceRow {
  id: string;
  event_id: number;
  interface_id: number;
  client_id: string;
  user_id: number | null;
  visitor: string | null;
  /** As it is by the clock, whether or not anybody has written that down. */
  status: PlaceStatus;
  /** The unpaid cart that is open under its pass. */
  cart_id: string | null;
  draw: string | null;
  rank: number | null;
  joined_at: Date;
  admitted_at: Date | null;
  pass_expires_at: Date | null;
  starts_at: Date;
  drawn_at: Date | null;
  paused: boolean;
  inflow: number;
  served: number;
}

/** SQL over a cart `c`: it holds what it holds, and is not paid yet. */
const LIVE_CART = `c.status IN ('open', 'pending_payment') AND c.expires_at > now()`;
const PAID_CART = `c.status IN ('paid', 'partially_refunded', 'refunded')`;

// OFFSET 0: each cart is looked up by its key, also by a plan that was made when there were hardly any carts.
/** SQL over a place `p`: what its carts come to, as `status` and `cart_id` of `u`; null where it has none that counts. */
export const USE_OF_PLACE = `LATERAL (
  SELECT CASE WHEN bool_or(${PAID_CART}) THEN 'used' WHEN bool_or(${LIVE_CART}) THEN 'admitted' END AS status,
    max(c.id::text) FILTER (WHERE ${LIVE_CART}) AS cart_id
  FROM queue_entry e CROSS JOIN LATERAL (SELECT c.id, c.status, c.expires_at FROM cart c
    WHERE c.company_id = e.company_id AND c.id = e.cart_id OFFSET 0) AS c
  WHERE e.company_id = p.company_id AND e.place_id = p.id AND p.admitted_at IS NOT NULL) AS u ON true`;

/** SQL over a place `p` and its use `u`: what it is now. A pass whose cart is open lasts as long as that; one that paid is spent. */
export const STATUS_NOW = `CASE WHEN p.status <> 'admitted' THEN p.status::text
  ELSE coalesce(u.status, CASE WHEN p.pass_expires_at > now() THEN 'admitted' ELSE 'expired' END) END`;

/** SQL: a place with the facts of its lane; to be followed by WHERE over `p`. */
export const SELECT_PLACES = `SELECT p.id, p.event_id, p.interface_id, p.client_id, p.user_id, p.visitor,
    ${STATUS_NOW} AS status, u.cart_id, encode(p.draw, 'hex') AS draw, p.rank, p.joined_at, p.admitted_at,
    p.pass_expires_at, q.starts_at, q.drawn_at, q.paused, coalesce(i.inflow, q.inflow) AS inflow, i.served
  FROM queue_place p
  JOIN queue q ON q.company_id = p.company_id AND q.event_id = p.event_id
  JOIN queue_interface i ON i.company_id = p.company_id AND i.event_id = p.event_id AND i.interface_id = p.interface_id
  LEFT JOIN ${USE_OF_PLACE}`;

// Nobody changes the key of a gate: those who only refer to it do not wait.
const LOCK = statement(
  'queue_lock',
  'SELECT * FROM queue WHERE company_id = $1 AND event_id = $2 FOR NO KEY UPDATE',
);
const CLOCK = statement('queue_clock', 'SELECT clock_timestamp()::timestamptz(3) AS at');

/** Locks a gate against joins, the draw and changes. Locks go from the gate to its lanes to places. */
export async function lockQueue(tx: Tx, company_id: number, event_id: number): Promise<QueueRow | undefined> {
  return (await tx.query<QueueRow>(LOCK, [company_id, event_id]))[0];
}

/** The database's clock now, not when the transaction began: what was waited for a lock must not count as before it. */
export async function clockOf(tx: Tx): Promise<Date> {
  const [row] = await tx.query<{ at: Date }>(CLOCK);
  return (row as { at: Date }).at;
}

const ADD_LANES = statement(
  'queue_interface_add',
  `INSERT INTO queue_interface (company_id, event_id, interface_id) SELECT $1, $2, i FROM unnest($3::int[]) AS i
   ON CONFLICT DO NOTHING`,
);

/** Gives interfaces their lane, where they have none yet. */
export const addLanes = (tx: Tx, company_id: number, event_id: number, interface_ids: readonly number[]) =>
  tx.execute(ADD_LANES, [company_id, event_id, interface_ids]);
