import { statement } from '../../db/client.ts';
import { notFound } from '../../errors.ts';
import type { System } from '../../system.ts';
import { isAbout } from '../pricing/quantity.ts';
import type { QuantityRule } from '../pricing/types.ts';
import type { Phase } from './terms.ts';

/** What of an event selling must know: kept in memory, named by `version`, checked under the locks of every sale. */
export interface Offer {
  company_id: number;
  event_id: number;
  name: string;
  version: number;
  status: string;
  currency: string;
  starts_at: Date;
  ends_at: Date | null;
  sales_start: Date | null;
  sales_end: Date | null;
  max_per_cart: number;
  orphan_rule: boolean;
  /** Buyers need a pass of its queue. */
  gated: boolean;
  /** What comes free goes to the waiting list first at this moment. */
  reserved: boolean;
  /** From then on accessible places and those of companions are sold like any other; null: never. */
  accessible_until: Date | null;
  channels: Map<number, OfferChannel>;
  ticket_types: Map<number, OfferTicketType>;
  products: Map<number, OfferProduct>;
  sections: Map<number, OfferSection>;
  /** Maps where it takes place, and the version of each: a map that is edited moves the version of its events. */
  maps: Map<number, number>;
  /** Blocks that are not released: whom the places that they took are for. */
  blocks: Map<number, OfferBlock>;
}

export interface OfferChannel {
  interface_id: number;
  sales_start: Date | null;
  sales_end: Date | null;
  extra_fee: number;
}

interface Priced {
  id: number;
  name: string;
  price: number;
  fee_fixed: number;
  fee_rate: number;
  fee_payer: 'buyer' | 'organiser';
  tax_rate: number;
  tax_inclusive: boolean;
  max_per_cart: number;
  /** Null: no limit of its own, and no counter to keep. */
  capacity: number | null;
}

export interface OfferTicketType extends Priced {
  section_ids: number[];
  min_per_cart: number;
  max_per_user: number | null;
  sales_start: Date | null;
  sales_end: Date | null;
  access_code_required: boolean;
  members_only: boolean;
  phases: Phase[];
  rules: QuantityRule[];
}

export type OfferProduct = Priced;

export interface OfferSection {
  id: number;
  map_id: number;
  name: string;
  kind: 'seated' | 'general';
}

export interface OfferBlock {
  id: number;
  kind: 'kill' | 'house' | 'hold' | 'allotment' | 'renewal';
  /** General admission: its section. Null for chosen seats. */
  section_id: number | null;
  section_ids: number[];
  interface_id: number | null;
  code_id: number | null;
  /** Of a renewal: the plan setting whose subscribers they are kept for. */
  renews_setting_id: number | null;
  overflow: boolean;
  release_at: Date | null;
}

/** Accessible places and those of companions are sold like any other from a time on. */
export const isReleased = ({ accessible_until }: Offer, now: Date): boolean =>
  accessible_until !== null && accessible_until <= now;

const LOAD = statement(
  'offer_load',
  `SELECT e.company_id, e.id AS event_id, e.name, e.version, e.status, e.currency, e.starts_at, e.ends_at, e.sales_start,
     e.sales_end, e.max_per_cart, e.orphan_rule, e.accessible_until,
     EXISTS (SELECT FROM queue q WHERE q.company_id = e.company_id AND q.event_id = e.id) AS gated,
     EXISTS (SELECT FROM waitlist w WHERE w.company_id = e.company_id AND w.event_id = e.id AND w.reserved) AS reserved,
     (SELECT coalesce(json_agg(i), '[]') FROM event_interface i
       WHERE i.company_id = e.company_id AND i.event_id = e.id) AS channels,
     (SELECT coalesce(json_agg(to_jsonb(t) || jsonb_build_object('phases',
         (SELECT coalesce(json_agg(p ORDER BY p.position, p.id), '[]') FROM price_phase p
           WHERE p.company_id = t.company_id AND p.ticket_type_id = t.id)) ORDER BY t.position, t.id), '[]')
       FROM ticket_type t WHERE t.company_id = e.company_id AND t.event_id = e.id) AS ticket_types,
     (SELECT coalesce(json_agg(p ORDER BY p.position, p.id), '[]') FROM product p
       WHERE p.company_id = e.company_id AND p.event_id = e.id) AS products,
     (SELECT coalesce(json_agg(s ORDER BY s.position, s.id), '[]') FROM event_map m
       JOIN section s ON s.company_id = m.company_id AND s.map_id = m.map_id
       WHERE m.company_id = e.company_id AND m.event_id = e.id) AS sections,
     (SELECT coalesce(json_agg(json_build_array(p.id, p.version) ORDER BY p.id), '[]') FROM event_map m
       JOIN map p ON p.company_id = m.company_id AND p.id = m.map_id
       WHERE m.company_id = e.company_id AND m.event_id = e.id) AS maps,
     (SELECT coalesce(json_agg(to_jsonb(b) || jsonb_build_object('renews_setting_id',
         (SELECT r.renews_setting_id FROM plan_setting r
           WHERE r.company_id = b.company_id AND r.id = b.plan_setting_id)) ORDER BY b.id), '[]') FROM block b
       WHERE b.company_id = e.company_id AND b.event_id = e.id AND b.released_at IS NULL) AS blocks,
     (SELECT coalesce(json_agg(q ORDER BY q.position, q.id), '[]') FROM quantity_rule q
       WHERE q.company_id = e.company_id AND q.event_id = e.id) AS rules
   FROM event e WHERE e.company_id = $1 AND e.id = $2`,
);

/** How long an offer is taken for granted before it is read again; selling checks its version in any case. */
const FRESH_MS = 1_000;

interface Entry {
  loadedAt: number;
  offer: Promise<Offer>;
}

/** The offers that a process remembers. One load at a time an event, whatever the number of buyers. */
export class OfferCache {
  private readonly entries = new Map<string, Entry>();

  /**
   * The offer of an event, at most a second old.
   * @throws AppError not_found when there is no such event in the company
   */
  get(system: System, company_id: number, event_id: number): Promise<Offer> {
    const key = `${company_id} ${event_id}`;
    const known = this.entries.get(key);
    if (known && Date.now() - known.loadedAt < FRESH_MS) return known.offer;
    const entry: Entry = { loadedAt: Date.now(), offer: loadOffer(system, company_id, event_id) };
    this.entries.set(key, entry);
    entry.offer.catch(() => {
      if (this.entries.get(key) === entry) this.entries.delete(key);
    });
    return entry.offer;
  }

  /** Forgets an event whose version has moved. */
  drop(company_id: number, event_id: number): void {
    this.entries.delete(`${company_id} ${event_id}`);
  }
}

async function loadOffer(system: System, company_id: number, event_id: number): Promise<Offer> {
  const [row] = await system.db.query<OfferRow>(LOAD, [company_id, event_id]);
  if (!row) throw notFound('Event');
  return {
    ...row,
    channels: new Map(row.channels.map((c) => [c.interface_id, { ...c, ...dates(c) }])),
    ticket_types: new Map(
      row.ticket_types.map((t) => [
        t.id,
        {
          ...t,
          ...dates(t),
          phases: t.phases.map((p) => ({ ...p, starts_at: date(p.starts_at), ends_at: date(p.ends_at) })),
          rules: rulesAbout(row.rules, t.id),
        },
      ]),
    ),
    products: new Map(row.products.map((p) => [p.id, p])),
    sections: new Map(row.sections.map((s) => [s.id, s])),
    maps: new Map(row.maps),
    blocks: new Map(row.blocks.map((b) => [b.id, { ...b, release_at: date(b.release_at) }])),
  };
}

type OfferRow = Omit<Offer, 'channels' | 'ticket_types' | 'products' | 'sections' | 'maps' | 'blocks'> & {
  channels: OfferChannel[];
  ticket_types: OfferTicketType[];
  products: OfferProduct[];
  sections: OfferSection[];
  maps: [id: number, version: number][];
  blocks: OfferBlock[];
  rules: QuantityRule[];
};

/** The quantity rules about a ticket type, as a line locks them. */
const rulesAbout = (rules: readonly QuantityRule[], ticket_type_id: number): QuantityRule[] =>
  rules
    .filter(({ definition }) => isAbout(definition, ticket_type_id))
    .map(({ id, name, position, definition }) => ({ id, name, position, definition }));

/** Inside JSON an instant is text. */
const date = (value: Date | string | null): Date | null => (value === null ? null : new Date(value));
const dates = (row: { sales_start: Date | null; sales_end: Date | null }) => ({
  sales_start: date(row.sales_start),
  sales_end: date(row.sales_end),
});
