import type { z } from 'zod';
import { statement } from '../../../db/client.ts';
import type { Tx } from '../../../db/transaction.ts';
import { AppError, type FieldFault } from '../../../errors.ts';
import {
  GateCreate,
  type ManagedGate,
  type ManagedProduct,
  type ManagedTicketType,
  ProductCreate,
  TicketTypeCreate,
} from '../../../schemas/event-management.ts';
import { fault, inOrder } from './check.ts';
import type { Kind } from './kind.ts';
import { requireUnsold } from './sold.ts';

interface Counters {
  company_id: number;
  held: number;
  sold: number;
}

export type TicketTypeRow = z.output<typeof ManagedTicketType> & Counters;
export type ProductRow = z.output<typeof ManagedProduct> & Counters;
export type GateRow = z.output<typeof ManagedGate> & { company_id: number };

const PRICED = [
  ...['name', 'description', 'translations', 'position', 'price', 'fee_fixed', 'fee_rate', 'fee_payer'],
  ...['tax_rate', 'tax_inclusive', 'max_per_cart'],
];
const PRICED_DEFAULTS = {
  ...{ translations: {}, position: 0, fee_fixed: 0, fee_rate: 0, fee_payer: 'buyer' },
  ...{ tax_rate: 0, tax_inclusive: true, max_per_cart: 10 },
};

const PLACES = statement(
  'ticket_type_places',
  `SELECT ARRAY (SELECT s.id FROM event_map m JOIN section s ON s.company_id = m.company_id AND s.map_id = m.map_id
      WHERE m.company_id = $1 AND m.event_id = $2 AND s.id = ANY($3::int[])) AS sections,
     ARRAY (SELECT g.id FROM gate g WHERE g.company_id = $1 AND g.event_id = $2 AND g.id = ANY($4::int[])) AS gates`,
);

export const TICKET_TYPES: Kind<TicketTypeRow, TicketTypeCreate> = {
  ...{ table: 'ticket_type', title: 'Ticket type', plural: 'ticket_types', limited: 'ticket_type' },
  schema: TicketTypeCreate,
  columns: [
    ...PRICED,
    ...['section_ids', 'min_per_cart', 'max_per_user', 'sales_start', 'sales_end', 'access_code_required'],
    ...['members_only', 're_entry', 'max_entries', 'gate_ids', 'valid_from', 'valid_until'],
  ],
  defaults: {
    ...PRICED_DEFAULTS,
    ...{ section_ids: [], gate_ids: [], min_per_cart: 1, access_code_required: false, members_only: false },
    ...{ re_entry: false, max_entries: 1 },
  },
  async faults(tx, { company_id, id }, row) {
    const { section_ids, gate_ids, min_per_cart, max_per_cart } = row;
    const [known] = (await tx.query(PLACES, [company_id, id, section_ids, gate_ids])) as [
      { sections: number[]; gates: number[] },
    ];
    return [
      ...unknown(section_ids, known.sections, '/section_ids', 'Not a section of the maps of this event.'),
      ...unknown(gate_ids, known.gates, '/gate_ids', 'Not a gate of this event.'),
      ...(min_per_cart > max_per_cart ? [fault('/max_per_cart', 'Must not be less than min_per_cart.')] : []),
      ...inOrder([row.sales_start, 'sales_start'], [row.sales_end, 'sales_end']),
      ...inOrder([row.valid_from, 'valid_from'], [row.valid_until, 'valid_until']),
    ];
  },
  async requireRemovable(tx, { company_id, event_id, id }) {
    const detail = 'Tickets of this type are held or were sold: end its sales instead.';
    await requireUnsold(tx, company_id, event_id, { ticket_type_id: id }, detail);
    await requireUnused(tx, TYPE_IN_CODES, [company_id, event_id, id], 'Codes name this type.', 'code_ids');
  },
};

export const PRODUCTS: Kind<ProductRow, z.output<typeof ProductCreate>> = {
  ...{ table: 'product', title: 'Product', plural: 'products', limited: 'product' },
  schema: ProductCreate,
  columns: PRICED,
  defaults: PRICED_DEFAULTS,
  faults: async () => [],
  async requireRemovable(tx, { company_id, event_id, id }) {
    const detail = 'Some of this product are held or were sold: set its capacity to what is sold instead.';
    await requireUnsold(tx, company_id, event_id, { product_id: id }, detail);
  },
};

const TYPE_IN_CODES = statement(
  'ticket_type_in_codes',
  'SELECT id FROM code WHERE company_id = $1 AND event_id = $2 AND $3 = ANY(ticket_type_ids) ORDER BY id LIMIT 100',
);
const GATE_IN_TYPES = statement(
  'gate_in_types',
  'SELECT id FROM ticket_type WHERE company_id = $1 AND event_id = $2 AND $3 = ANY(gate_ids) ORDER BY id LIMIT 100',
);
const GATE_SCANS = statement(
  'gate_scans',
  'SELECT id FROM validation WHERE company_id = $1 AND event_id = $2 AND gate_id = $3 LIMIT 1',
);

// What was counted at the outer gates cannot turn into scans of a zone, nor the other way round.
const GATE_SCANS_OTHERWISE = statement(
  'gate_scans_otherwise',
  `SELECT id FROM validation
   WHERE company_id = $1 AND event_id = $2 AND gate_id = $3::int AND "inner" <> $4::bool LIMIT 1`,
);

export const GATES: Kind<GateRow, z.output<typeof GateCreate>> = {
  ...{ table: 'gate', title: 'Gate', plural: 'gates', limited: null },
  schema: GateCreate,
  columns: ['name', 'zone', 'inner', 'multi_entry'],
  defaults: { inner: false, multi_entry: false },
  async faults(tx, { company_id }, { event_id, id, inner }) {
    const counted = await tx.query(GATE_SCANS_OTHERWISE, [company_id, event_id, id ?? null, inner]);
    return counted.length ? [fault('/inner', 'Tickets were scanned at this gate.', 'conflict')] : [];
  },
  async requireRemovable(tx, { company_id, event_id, id }) {
    const values = [company_id, event_id, id];
    await requireUnused(tx, GATE_IN_TYPES, values, 'Ticket types admit at this gate.', 'ticket_type_ids');
    if ((await tx.query(GATE_SCANS, values)).length)
      throw new AppError('conflict', 'Tickets were scanned at this gate.', { gate_id: id });
  },
};

function unknown(
  ids: readonly number[],
  known: readonly number[],
  at: string,
  message: string,
): FieldFault[] {
  return ids.flatMap((id, i) => {
    if (!known.includes(id)) return [fault(`${at}/${i}`, message, 'not_found')];
    return ids.indexOf(id) < i ? [fault(`${at}/${i}`, 'Named twice.', 'duplicate')] : [];
  });
}

async function requireUnused(
  tx: Tx,
  users: typeof TYPE_IN_CODES,
  values: readonly unknown[],
  detail: string,
  fact: string,
): Promise<void> {
  const rows = await tx.query<{ id: number }>(users, values);
  if (rows.length) throw new AppError('conflict', detail, { [fact]: rows.map(({ id }) => id) });
}
