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
  gates?: readonly string[];
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
}

export interface DemoProduct {
  name: Names;
  price: number;
  /** Undefined: unlimited. */
  capacity?: number;
}
