import { insertRow } from '../../prisma/seed/rows.ts';
import type { Tx } from '../../src/db/transaction.ts';
import { uuidv7 } from '../../src/uuid.ts';
import { makeEvent, type TestCompany, type TestEvent } from '../helpers/catalogue.ts';
import type { CheckRule, PairRule } from './money-rules.ts';

const START = new Date('2036-05-01T10:00:00.000Z');
const LATER = new Date('2036-05-01T10:00:00.001Z');

let gate: Record<string, unknown>;
let ungated: Record<string, unknown>;

const settings = {
  opens_at: START,
  starts_at: START,
  inflow: 60,
  max_inside: 5,
  pass_seconds: 60,
  seed: 'x',
};

/** Puts the event behind a gate, and makes another one without. */
export async function makeGate(tx: Tx, company: TestCompany, event: TestEvent): Promise<void> {
  const { company_id, interface_id } = company;
  await insertRow(tx, 'queue', { company_id, event_id: event.event_id, ...settings });
  gate = { company_id, event_id: event.event_id, interface_id };
  ungated = { company_id, event_id: (await makeEvent(tx, company)).event_id };
}

const place = () => ({ ...gate, id: uuidv7(), client_id: 'web', caller: 'cweb v', status: 'waiting' });
const pass = { admitted_at: START, pass_expires_at: LATER, rank: 1 };

/** What a gate, its lanes, its places and its rounds may be. */
export const GATE_RULES: Record<string, CheckRule> = {
  queue_times: {
    table: 'queue',
    row: () => ({ ...ungated, ...settings }),
    allowed: [{ starts_at: LATER }],
    refused: [{ opens_at: LATER }],
  },
  queue_limits: {
    table: 'queue',
    row: () => ({ ...ungated, ...settings }),
    allowed: [{ inflow: 0, max_inside: null }],
    refused: [{ inflow: -1 }, { max_inside: 0 }, { pass_seconds: 0 }],
  },
  queue_interface_limits: {
    table: 'queue_interface',
    row: () => ({ ...gate, tail: 5, ranked: 5, served: 5 }),
    allowed: [{ inflow: 0, max_inside: 1 }],
    refused: [{ inflow: -1 }, { max_inside: 0 }, { tokens: -1 }, { served: 6 }, { ranked: 6 }],
  },
  queue_place_admitted: {
    table: 'queue_place',
    row: place,
    allowed: [
      ...['admitted', 'used', 'expired', 'left'].map((status) => ({ status, ...pass })),
      { status: 'left' },
    ],
    refused: [
      ...['admitted', 'used', 'expired'].map((status) => ({ status })),
      pass,
      { status: 'left', ...pass, pass_expires_at: null },
      { status: 'admitted', ...pass, rank: null },
    ],
  },
  queue_round_limit: {
    table: 'queue_round',
    row: () => ({ ...gate, at: START, inflow: 10, admitted: 10 }),
    refused: [{ admitted: 11 }, { admitted: 0 }],
  },
};

export const GATE_PAIRS: Record<string, PairRule> = {
  queue_place_caller: {
    table: 'queue_place',
    row: place,
    allowed: [{ status: 'left' }, { caller: null }, { caller: 'cweb w' }, { interface_id: 2_000_000_000 }],
  },
};
