import { uuidv7 } from '../../src/uuid.ts';
import type { TestCompany, TestEvent } from '../helpers/catalogue.ts';
import { WAITLIST_QUEUES } from './waitlist-rules.ts';

/** A seat that was given back and waits for a buyer. */
export const giveBack = ({ company_id }: TestCompany, { event_id }: TestEvent) => ({
  ...{ company_id, id: uuidv7(), subscription_id: uuidv7(), user_id: 1, event_id, seat_id: 1 },
  ...{ ticket_id: uuidv7(), value: 1, currency: 'EUR', status: 'offered' },
});

/** Partial indexes that only make a query cheap: what they hold, as PostgreSQL tells it. */
export const QUEUES: Record<string, string> = {
  ...WAITLIST_QUEUES,
  cart_guest_email: `cart USING btree (company_id, lower(email)) WHERE ((user_id IS NULL) AND (email IS NOT NULL))`,
  cart_overdue: `cart USING btree (expires_at) WHERE (status = ANY (ARRAY['open'::cart_status, 'pending_payment'::cart_status]))`,
  block_due: `block USING btree (release_at) WHERE ((released_at IS NULL) AND (release_at IS NOT NULL))`,
  event_seat_block: `event_seat USING btree (company_id, event_id, block_id) WHERE (block_id IS NOT NULL)`,
  sale_detail_block: `sale_detail USING btree (company_id, block_id) WHERE (block_id IS NOT NULL)`,
  sale_detail_phase: `sale_detail USING btree (company_id, ticket_type_id, status) WHERE (price_phase_id IS NOT NULL)`,
  job_stepping: `job USING btree (stepped_at) WHERE ((finished_at IS NULL) AND (stepped_at IS NOT NULL))`,
  payment_unsettled: `payment USING btree (updated_at) WHERE (status = ANY (ARRAY['requires_action'::payment_status, 'pending'::payment_status]))`,
  validation_conflicts: `validation USING btree (company_id, event_id, scanned_at) WHERE (conflict IS NOT NULL)`,
  subscription_due: `subscription USING btree (next_attempt_at) WHERE ((status = ANY (ARRAY['active'::subscription_status, 'past_due'::subscription_status])) AND (next_attempt_at IS NOT NULL))`,
  sale_detail_subscription: `sale_detail USING btree (company_id, subscription_id) WHERE (subscription_id IS NOT NULL)`,
  queue_place_draw: `queue_place USING btree (company_id, event_id, interface_id, draw, id) WHERE ((status = 'waiting'::queue_place_status) AND (rank IS NULL))`,
  queue_place_inside: `queue_place USING btree (company_id, event_id, interface_id, pass_expires_at) WHERE (status = 'admitted'::queue_place_status)`,
  refund_unsettled: `refund USING btree (updated_at) WHERE (status = 'pending'::refund_status)`,
};

/** Of a block no more is taken than it has; chosen seats are not counted by it. */
export const blockRule = (ofEvent: () => Record<string, unknown>) => ({
  table: 'block',
  row: () => ({ ...ofEvent(), kind: 'hold', name: 'X', section_ids: [], quantity: 5, taken: 5 }),
  allowed: [{ quantity: null, taken: 0 }],
  refused: [{ taken: 6 }, { taken: -1 }],
});
