import { inTransaction } from '../../src/db/transaction.ts';
import type { JoinWaitlist } from '../../src/schemas/waitlist.ts';
import { openCart } from '../../src/services/carts/hold.ts';
import { pay } from '../../src/services/payments/pay.ts';
import { refundCart } from '../../src/services/refunds/refund.ts';
import { joinWaitlist } from '../../src/services/waitlist/join.ts';
import type { EntryView } from '../../src/services/waitlist/row.ts';
import { makeEvent, seatedSection, standingSection } from './catalogue.ts';
import type { SalesWorld } from './sales-world.ts';

/** An event that is sold out, cart by cart. */
export interface SoldOut {
  event_id: number;
  type: number;
  /** Of each cart: its id and the places that it has. */
  carts: { id: string; places: number }[];
}

/** An event of so many places, general or in rows of ten, all of them sold: `sizes` is how many a cart. */
export async function soldOut(
  world: SalesWorld,
  sizes: readonly number[],
  { rows, ...columns }: { rows?: number; [column: string]: unknown } = {},
): Promise<SoldOut> {
  const { company_id, web, system } = world;
  const places = sizes.reduce((n, size) => n + size, 0);
  const section = rows ? seatedSection('Stalls', rows, places / rows) : standingSection('Floor', places);
  const { event_id, ticket_type_ids } = await inTransaction(system.db, (tx) =>
    makeEvent(tx, { company_id, interface_id: web.id }, [section], { name: 'Full', ...columns }),
  );
  const [type] = ticket_type_ids as [number];
  const carts: SoldOut['carts'] = [];
  for (const size of sizes) {
    const best_available = { quantity: size };
    const item = rows ? { best_available } : { quantity: size };
    const { id } = await openCart(world.seller(), { items: [{ ticket_type_id: type, ...item }] });
    await pay(world.seller(), id, { method: 'cash' });
    carts.push({ id, places: size });
  }
  return { event_id, type, carts };
}

/** Gives the places of a cart back. */
export const free = async (world: SalesWorld, cart_id: string): Promise<void> => {
  await refundCart(world.seller(), cart_id, { reason: 'Ill' });
};

/** A party without an account. */
export const join = (
  world: SalesWorld,
  event_id: number,
  name: string,
  party_size: number,
  more: Partial<JoinWaitlist> = {},
): Promise<EntryView> =>
  joinWaitlist(world.buyer(), event_id, { party_size, email: `${name}@mail.com`, ...more });

/** What became of every party of an event, by the first part of its address, in the order of joining. */
export async function statuses(world: SalesWorld, event_id: number): Promise<Record<string, string>> {
  const rows = await world.sql<{ name: string; status: string }>(
    `SELECT split_part(email, '@', 1) AS name, status FROM waitlist_entry WHERE event_id = $1 ORDER BY line`,
    event_id,
  );
  return Object.fromEntries(rows.map(({ name, status }) => [name, status]));
}

/** Why a party was passed over, one after the other. */
export async function reasons(world: SalesWorld, entry_id: string): Promise<string[]> {
  const rows = await world.sql<{ reason: string }>(
    `SELECT reason FROM waitlist_log WHERE entry_id = $1 AND what = 'passed_over' ORDER BY id`,
    entry_id,
  );
  return rows.map(({ reason }) => reason);
}
