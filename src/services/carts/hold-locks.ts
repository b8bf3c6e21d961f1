import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { shareEvents } from '../events/lock.ts';
import { isCounted } from '../events/terms.ts';
import { leftInBlocks } from '../inventory/allotments.ts';
import { lockStock } from '../inventory/locks.ts';
import { countForPhases } from '../inventory/phases.ts';
import type { HoldStock } from './grant.ts';
import type { HoldCommand } from './hold-batch.ts';
import { locksOf } from './judge.ts';
import type { Prepared } from './picks.ts';
import { type CartCodeRow, type CartRow, codesOf, type LineRow, linesOf, lockCarts } from './row.ts';
import { type Owned, ticketsOfUsers } from './user-limits.ts';

const NOW = statement('transaction_now', 'SELECT now()::timestamptz(3) AS now');

type Limit = Pick<Owned, 'user_id' | 'type_id'>;

interface LockedCarts {
  carts: Map<string, CartRow>;
  lines: Map<string, LineRow[]>;
  codes: Map<string, CartCodeRow[]>;
}

/** All that the holds of one batch are judged by, as it stands under their locks. */
export interface Locked extends LockedCarts {
  /** Tickets that the buyers' accounts have already, of types with a limit a person. */
  owned: Owned[];
  /** Versions of events, by id. */
  versions: Map<number, number>;
  stock: HoldStock;
  /** The moment of the transaction, as columns of time keep it: new rows carry it. */
  now: Date;
}

/**
 * Takes every lock of a batch in the program's order: carts, limits of persons, phases of types, stock. Statements go out
 * as far as they do not wait for what another one reads, mostly all at once; PostgreSQL carries them out one by one.
 */
export async function lockForHolds(
  tx: Tx,
  company_id: number,
  prepared: readonly Prepared[],
): Promise<Locked> {
  const commands = prepared.map(({ command }) => command);
  const looking = lockWithLines(
    tx,
    company_id,
    commands.flatMap(({ open, cart_id }) => (open ? [] : [cart_id])),
  );
  const owned = commands.some((command) => limitedTypes(command).length)
    ? await ownedByAll(tx, company_id, commands, (await looking).carts)
    : [];
  const [seen, counted, [clock], versions, stock, blocks] = await Promise.all([
    looking,
    countForPhases(tx, company_id, commands.flatMap(countedTypes)),
    tx.query<{ now: Date }>(NOW),
    versionsOf(tx, company_id, commands),
    lockStock(tx, company_id, stockOf(prepared)),
    leftInBlocks(tx, company_id, [...new Set(commands.flatMap(blocksMet))]), // after the locks of their sections
  ]);
  const { now } = clock as { now: Date };
  return { ...seen, owned, versions, stock: { ...stock, blocks, counted }, now };
}

/** Locks carts, and reads what they hold once they are locked. */
async function lockWithLines(tx: Tx, company_id: number, ids: readonly string[]): Promise<LockedCarts> {
  if (!ids.length) return { carts: new Map(), lines: new Map(), codes: new Map() };
  const [carts, lines, codes] = await Promise.all([
    lockCarts(tx, company_id, ids),
    linesOf(tx, company_id, ids),
    codesOf(tx, company_id, ids),
  ]);
  return {
    carts: new Map(carts.map((cart) => [cart.id, cart])),
    lines: groupByCart(lines),
    codes: groupByCart(codes),
  };
}

function groupByCart<Row extends { cart_id: string }>(rows: Row[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) groups.set(row.cart_id, [...(groups.get(row.cart_id) ?? []), row]);
  return groups;
}

const ownedByAll = (tx: Tx, company_id: number, commands: HoldCommand[], carts: Map<string, CartRow>) =>
  ticketsOfUsers(
    tx,
    company_id,
    commands.flatMap((command) => limitsOf(command, carts)),
  );

/** Whose cart a command is for. */
export const userOf = ({ open, cart_id }: HoldCommand, carts: Map<string, CartRow>): number | null =>
  (open ?? carts.get(cart_id))?.user_id ?? null;

/** The limits a person that a command runs into: user and ticket type. */
export function limitsOf(command: HoldCommand, carts: Map<string, CartRow>): Limit[] {
  const user_id = userOf(command, carts);
  return user_id === null ? [] : limitedTypes(command).map((type_id) => ({ user_id, type_id }));
}

/** The ticket types a command wants of which a person may have so many. */
const limitedTypes = ({ wanted }: HoldCommand): number[] => [
  ...new Set(
    wanted.flatMap((w) => ('type' in w && !w.plan && w.type.max_per_user !== null ? [w.type.id] : [])),
  ),
];

/** The ticket types a command wants whose price depends on how many are sold. */
export const countedTypes = ({ wanted }: Pick<HoldCommand, 'wanted'>): number[] =>
  wanted.flatMap((want) => ('type' in want && isCounted(want.type) ? [want.type.id] : []));

const SHARED: ReadonlySet<string> = new Set(['allotment', 'renewal']);

/** The allotments in the sections of general admission that a command wants places of. */
export const blocksMet = ({ wanted }: Pick<HoldCommand, 'wanted'>): number[] =>
  wanted.flatMap((want) =>
    want.form === 'general' && want.offer.blocks.size
      ? [...want.offer.blocks.values()].flatMap(({ id, kind, section_id }) =>
          SHARED.has(kind) && section_id !== null && want.section_ids.includes(section_id) ? [id] : [],
        )
      : [],
  );

function stockOf(prepared: readonly Prepared[]) {
  const locks = prepared.flatMap((each) => each.command.wanted.map((want) => locksOf(each, want)));
  return {
    sections: locks.flatMap((l) => l.sections),
    ticket_types: locks.flatMap((l) => l.ticket_types),
    products: locks.flatMap((l) => l.products),
    seats: locks.flatMap((l) => l.seats),
  };
}

/** The events that commands want something of. */
export const eventsOf = (commands: readonly Pick<HoldCommand, 'wanted'>[]): number[] => [
  ...new Set(
    commands.flatMap(({ wanted }) => wanted.flatMap((w) => (w.form === 'plan' ? [] : [w.offer.event_id]))),
  ),
];

const VERSIONS = statement(
  'event_versions',
  'SELECT id, version FROM event WHERE company_id = $1 AND id = ANY($2::int[])',
);

async function versionsOf(tx: Tx, company_id: number, commands: HoldCommand[]): Promise<Map<number, number>> {
  const ids = eventsOf(commands);
  if (!ids.length) return new Map();
  const [, rows] = await Promise.all([
    shareEvents(tx, company_id, ids), // first: what is read then stays as it is
    tx.query<{ id: number; version: number }>(VERSIONS, [company_id, ids]),
  ]);
  return new Map(rows.map((row) => [row.id, row.version]));
}
