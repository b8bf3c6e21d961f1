import { uuidv7 } from '../../src/uuid.ts';
import type { TestCompany } from '../helpers/catalogue.ts';

type Row = Record<string, unknown>;

/** A row that is fine, and changes of it that are not. */
export interface CheckRule {
  table: string;
  row: () => Row;
  /** Still fine: the edge of what is allowed. */
  allowed?: Row[];
  refused: Row[];
}

/** A row of which there is one at a time, and changes by which a second one is another. */
export interface PairRule {
  table: string;
  row: () => Row;
  allowed: Row[];
}

type Company = () => TestCompany;

const cart = (company: Company) => ({
  ...{
    company_id: company().company_id,
    id: uuidv7(),
    interface_id: company().interface_id,
    client_id: 'web',
  },
  ...{ currency: 'EUR', expires_at: new Date() },
});
const exchange = (company: Company) => ({
  ...{ company_id: company().company_id, id: uuidv7(), cart_id: uuidv7(), hold_cart_id: uuidv7() },
  ...{ interface_id: company().interface_id, client_id: 'web', keep_places: false, forced: false },
  ...{ status: 'quoted', sale_detail_ids: [], new_sale_detail_ids: [], refund_ids: [] },
  ...{ credit: 1, price: 1, currency: 'EUR', completed_at: null },
});
const drawer = (company: Company) => ({
  ...{
    company_id: company().company_id,
    id: uuidv7(),
    interface_id: company().interface_id,
    client_id: 'pos',
  },
  ...{ currency: 'EUR', opening: 0, counted: null, expected: null, closed_at: null },
});
const movement = (company: Company) => ({
  ...{ company_id: company().company_id, id: uuidv7(), cash_session_id: uuidv7(), kind: 'pay_in' },
  ...{ payment_id: null, refund_id: null, amount: 1, reason: 'change' },
});

const refund = (company: Company) => ({
  ...{ company_id: company().company_id, id: uuidv7(), cart_id: uuidv7(), payment_id: uuidv7() },
  ...{ step_id: uuidv7(), currency: 'EUR', amount: 1, sale_detail_ids: [], status: 'succeeded' },
});

/** Refunds paid by hand, exchanges and cash drawers. */
export const moneyRules = (company: Company): Record<string, CheckRule> => ({
  refund_paid_by_hand: {
    table: 'refund',
    row: () => refund(company),
    allowed: [{ paid_by: 'cash' }, { paid_by: 'external' }],
    refused: [
      { paid_by: 'card' },
      { paid_by: 'cash', status: 'pending' },
      { paid_by: 'cash', status: 'failed' },
    ],
  },
  cart_exchanged: {
    table: 'cart',
    row: () => ({ ...cart(company), total: 9, paid: 9, refunded: 5 }),
    allowed: [{ exchanged: 5 }],
    refused: [{ exchanged: -1 }, { exchanged: 6 }],
  },
  exchange_money: {
    table: 'exchange',
    row: () => exchange(company),
    allowed: [{ credit: 0, price: 0 }],
    refused: [{ credit: -1 }, { price: -1 }],
  },
  exchange_status_known: {
    table: 'exchange',
    row: () => exchange(company),
    allowed: [{ status: 'completed', completed_at: new Date() }, { status: 'cancelled' }],
    refused: [{ status: 'completed' }, { completed_at: new Date() }, { status: 'x' }],
  },
  cash_session_closed_whole: {
    table: 'cash_session',
    row: () => drawer(company),
    allowed: [{ counted: 1, expected: 2, closed_at: new Date() }],
    refused: [{ opening: -1 }, { counted: 1, expected: 1 }, { closed_at: new Date() }, { expected: 1 }],
  },
  cash_movement_kind_fits: {
    table: 'cash_movement',
    row: () => movement(company),
    allowed: [
      { kind: 'payment', payment_id: uuidv7(), reason: null },
      { kind: 'refund', amount: -1, refund_id: uuidv7(), reason: null },
      { kind: 'pay_out', amount: -1 },
    ],
    refused: [
      { amount: -1 },
      { reason: null },
      { kind: 'pay_out' },
      { kind: 'payment', reason: null },
      { kind: 'refund', amount: 1, refund_id: uuidv7() },
      { kind: 'x' },
    ],
  },
});

const closed = { counted: 0, expected: 0, closed_at: new Date() };

/** What there is one of at a time. */
export const moneyPairs = (company: Company): Record<string, PairRule> => ({
  exchange_one_quote: {
    table: 'exchange',
    row: () => exchange(company),
    allowed: [{ status: 'cancelled' }, { cart_id: uuidv7() }],
  },
  cash_session_one_open: {
    table: 'cash_session',
    row: () => drawer(company),
    allowed: [{ client_id: 'other' }, { currency: 'USD' }, closed],
  },
  cash_movement_of_payment: {
    table: 'cash_movement',
    row: () => ({ ...movement(company), kind: 'payment', payment_id: uuidv7(), reason: null }),
    allowed: [{ payment_id: uuidv7() }],
  },
  cash_movement_of_refund: {
    table: 'cash_movement',
    row: () => ({ ...movement(company), kind: 'refund', amount: -1, refund_id: uuidv7(), reason: null }),
    allowed: [{ refund_id: uuidv7() }],
  },
});
