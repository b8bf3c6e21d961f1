import { uuidv7 } from '../../src/uuid.ts';
import type { TestCompany, TestEvent } from '../helpers/catalogue.ts';
import type { CheckRule, PairRule } from './money-rules.ts';

type Of = () => TestCompany & Pick<TestEvent, 'event_id'>;

const list = (of: Of) => ({ company_id: of().company_id, event_id: of().event_id });
let persons = 0;
const entry = (of: Of) => ({
  ...{ ...list(of), id: uuidv7(), interface_id: of().interface_id, client_id: 'web', language: 'en' },
  ...{ person: `user ${persons++}`, status: 'waiting', party_size: 2, ticket_type_ids: [], max_price: 0 },
  ...{ cart_id: null as string | null, closed_at: null as Date | null },
});
const offered = { status: 'offered', cart_id: uuidv7() };
const left = { status: 'left', closed_at: new Date() };

/** Waiting lists and who is on them; `of` names an event that has a list already, `free` one that has none. */
export const waitlistRules = (of: Of, free: Of): Record<string, CheckRule> => ({
  waitlist_minutes: {
    table: 'waitlist',
    row: () => ({ ...list(free), offer_minutes: 1 }),
    allowed: [{ offer_minutes: 10_080 }],
    refused: [{ offer_minutes: 0 }, { offer_minutes: 10_081 }],
  },
  waitlist_reserved: {
    table: 'waitlist',
    row: () => ({ ...list(free), reserved: true }),
    allowed: [{ reserved: false, enabled: false }],
    refused: [{ enabled: false }, { head_start: false }],
  },
  waitlist_entry_status: {
    table: 'waitlist_entry',
    row: () => entry(of),
    allowed: [offered, left],
    refused: [{ status: 'accepted', closed_at: new Date() }],
  },
  waitlist_entry_ends: {
    table: 'waitlist_entry',
    row: () => entry(of),
    allowed: [offered, left],
    refused: [{ closed_at: new Date() }, { status: 'left' }, { ...offered, closed_at: new Date() }],
  },
  waitlist_entry_offer: {
    table: 'waitlist_entry',
    row: () => entry(of),
    allowed: [offered, { ...offered, status: 'fulfilled', closed_at: new Date() }],
    refused: [{ cart_id: uuidv7() }, { status: 'offered' }, { status: 'expired', closed_at: new Date() }],
  },
  waitlist_entry_party: {
    table: 'waitlist_entry',
    row: () => entry(of),
    allowed: [{ party_size: 1, max_price: null }],
    refused: [{ party_size: 0 }, { max_price: -1 }],
  },
});

/** One live entry a person and event; one entry a cart is no partial index. */
export const waitlistPairs = (of: Of): Record<string, PairRule> => ({
  waitlist_entry_live: {
    table: 'waitlist_entry',
    row: () => entry(of),
    allowed: [{ person: 'somebody else' }, left],
  },
});

export const WAITLIST_QUEUES: Record<string, string> = {
  waitlist_entry_waiting: `waitlist_entry USING btree (company_id, event_id, priority DESC, line) WHERE (status = 'waiting'::text)`,
  waitlist_entry_offered: `waitlist_entry USING btree (company_id, cart_id) WHERE (status = 'offered'::text)`,
  waitlist_entry_expired: `waitlist_entry USING btree (closed_at) WHERE (status = 'expired'::text)`,
};
