import type { CodeRow } from './write-event.ts';

type Names = { en: string; es: string; pt: string };

export type VenueName = 'theatre' | 'park' | 'stadium' | 'club' | 'abroad';
export type MapName = 'theatre' | 'festival' | 'stadium' | 'club' | 'small_club' | 'pier';

/** One event of the demo company, as it is told; write-event.ts makes rows of it. */
export interface DemoEvent {
  slug: string;
  name: Names;
  description: Names;
  category: string;
  venue: VenueName;
  map: MapName;
  seating: 'general' | 'seated' | 'mixed';
  /** Left in this state; what is not a draft was published before. */
  status: 'draft' | 'published' | 'cancelled';
  starts: EventTime;
  hours: number;
  /** Indexes of the interfaces that sell it, and what each adds to the fee of a ticket. */
  interfaces: readonly { index: number; extra_fee?: number }[];
  popularity: number;
  ticket_types: readonly DemoTicketType[];
  products?: readonly DemoProduct[];
  codes?: readonly CodeRow[];
  quantity_rules?: readonly DemoRule[];
  blocks?: readonly DemoBlock[];
  gates?: readonly string[];
  /** Gates behind those, before zones whose people are counted. */
  inner_gates?: readonly { name: string; zone: string }[];
  /** No single free seat may be left between taken ones. */
  orphan_rule?: boolean;
  /** Buyers queue for it; its sale has begun. */
  queue?: { inflow: number; max_inside: number; pass_seconds: number };
}

/** Tickets that cost less together; types by their English names. */
export type DemoRule = { name: string } & (
  | { kind: 'multi_buy'; types: readonly string[]; take: number; pay: number }
  | { kind: 'bundle'; parts: readonly { type: string; quantity: number }[]; price: number }
);

/** Stock out of sale, or kept for one of the interfaces: a number of places of a section, or a row of its seats. */
export interface DemoBlock {
  kind: 'kill' | 'house' | 'hold' | 'allotment';
  name: string;
  note?: string;
  section: string;
  quantity?: number;
  row?: string;
  /** Index of the interface that it is for. */
  interface?: number;
  /** That interface goes on with general sale once it is used up. */
  overflow?: boolean;
  /** Days before the event at which what is left goes on sale. */
  released_days_before?: number;
}

/** A local time in a week to come, so that a demo event lies months ahead whenever it is seeded. */
export interface EventTime {
  weeks: number;
  /** 1 is Monday. */
  weekday: number;
  time: `${number}:${number}`;
}

export interface DemoTicketType {
  name: Names;
  price: number;
  /** Names of the sections where it is valid. */
  sections: readonly string[];
  hidden?: boolean;
  /** A lower price until so many are sold. */
  phase?: { name: string; price: number; until_sold: number };
}

export interface DemoProduct {
  name: Names;
  price: number;
  /** Undefined: unlimited. */
  capacity?: number;
}
