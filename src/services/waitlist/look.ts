import { statement } from '../../db/client.ts';
import { inTransaction, type Tx } from '../../db/transaction.ts';
import type { System } from '../../system.ts';
import { uuidv7 } from '../../uuid.ts';
import type { Offer } from '../events/offer.ts';
import { countStock, type EventStock, leftOfEvent } from '../events/stock.ts';
import { conclude } from './conclude.ts';
import { type HeldForParty, holdParty, type PassedOver } from './hold-party.ts';
import { lockWaiting, makeOffer, PartyGone, waitingParties } from './offer.ts';
import { leftForAnybody, reasonWithoutTrying, takeOut } from './room.ts';
import type { PartyRow } from './row.ts';

// One at a time looks at the list of an event: two at once would give the last places to whoever is read second. Who
// looks has a lease, renewed with every offer; if they die, the next one begins anew when it has run out.

const LEASE_SECONDS = 15;

const CLAIM = statement(
  'waitlist_claim',
  `UPDATE waitlist SET lease = $3, lease_until = now() + make_interval(secs => ${LEASE_SECONDS})
   WHERE company_id = $1 AND event_id = $2 AND (lease IS NULL OR lease_until <= now())
   RETURNING enabled, head_start, reserved, offer_minutes`,
);
const RENEW = statement(
  'waitlist_renew',
  `UPDATE waitlist SET lease_until = now() + make_interval(secs => ${LEASE_SECONDS})
   WHERE company_id = $1 AND event_id = $2 AND lease = $3`,
);
const RELEASE = statement(
  'waitlist_release',
  'UPDATE waitlist SET lease = NULL, lease_until = NULL WHERE company_id = $1 AND event_id = $2 AND lease = $3',
);
// Before anything else is read: what is written later than this is another look's.
const STAMP = statement(
  'waitlist_stamp',
  `SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xid, e.version,
     e.status IN ('cancelled', 'ended') OR coalesce(e.ends_at, e.starts_at) <= now() AS over
   FROM event e WHERE e.company_id = $1 AND e.id = $2`,
);

/** Somebody else looks at the list by now. */
class LeaseLost extends Error {}

export interface ListSettings {
  enabled: boolean;
  head_start: boolean;
  reserved: boolean;
  offer_minutes: number;
}

/** One look at the list of an event. */
export interface Look {
  company_id: number;
  event_id: number;
  lease: string;
  settings: ListSettings;
  /** As things stood when it began. */
  stamp: { xid: number; version: number; over: boolean };
}

/** A party that was passed over by a look, and why. */
export interface Passed extends PassedOver {
  party: PartyRow;
}

/** Keeps the look this one's until the transaction ends. @throws LeaseLost */
export async function renewLease(tx: Tx, { company_id, event_id, lease }: Look): Promise<void> {
  if (!(await tx.execute(RENEW, [company_id, event_id, lease]))) throw new LeaseLost();
}

/**
 * Looks at the stock of an event and offers what is free to those who wait, in their order; each offer is one transaction.
 * Whom nothing suits is passed over, with the reason in the log, and keeps the place.
 * @returns how many offers were made; undefined when somebody else is looking
 */
export async function lookAt(
  system: System,
  company_id: number,
  event_id: number,
): Promise<number | undefined> {
  const lease = uuidv7();
  const { db } = system;
  const [settings] = await db.query<ListSettings>(CLAIM, [company_id, event_id, lease]);
  if (!settings) return undefined;
  const [stamp] = await db.query<Look['stamp']>(STAMP, [company_id, event_id]);
  const look = { company_id, event_id, lease, settings, stamp: stamp as Look['stamp'] };
  try {
    return await lookThrough(system, look);
  } catch (error) {
    if (error instanceof LeaseLost) return undefined;
    await db.query(RELEASE, [company_id, event_id, lease]); // for the next round; if that fails too, it runs out
    throw error;
  }
}

async function lookThrough(system: System, look: Look): Promise<number> {
  const { company_id, event_id, settings, stamp } = look;
  system.offers.drop(company_id, event_id); // what it offers now, not a second ago
  const parties = await waitingParties(system.db, company_id, event_id);
  const offer = await system.offers.get(system, company_id, event_id);
  const stock = await stockNow(system, offer);
  const passed: Passed[] = [];
  let offered = 0;
  if (settings.enabled && !stamp.over && offer.status === 'published')
    for (const party of parties) {
      if (!leftForAnybody(offer, stock)) break; // nothing is free: nobody is passed over
      const outcome = await tryParty(system, look, party, offer, stock);
      if (outcome === 'offered') offered += 1;
      else if (outcome) passed.push({ party, ...outcome });
    }
  const { remaining } = leftOfEvent(stock, [...offer.ticket_types.values()]);
  await conclude(system, look, { parties, passed, offered, left: remaining });
  return offered;
}

const stockNow = async (system: System, { company_id, event_id }: Offer): Promise<EventStock> =>
  (await countStock(system.db, company_id, [event_id])).get(event_id) as EventStock;

async function tryParty(
  system: System,
  look: Look,
  party: PartyRow,
  offer: Offer,
  stock: EventStock,
): Promise<'offered' | PassedOver | undefined> {
  const plain = reasonWithoutTrying(offer, stock, party);
  if (plain) return plain;
  try {
    const outcome = await holdParty<HeldForParty>(system, party, {
      ...{ minutes: look.settings.offer_minutes, listed: true },
      run: (work) => inTransaction(system.db, work),
      guard: async (tx) => {
        await renewLease(tx, look);
        await lockWaiting(tx, party);
      },
      keep: (tx, held) => makeOffer(tx, system, party, held),
    });
    if ('passed' in outcome) return outcome.passed;
    takeOut(stock, outcome.held.lines);
    return 'offered';
  } catch (error) {
    if (error instanceof PartyGone) return undefined;
    throw error;
  }
}
