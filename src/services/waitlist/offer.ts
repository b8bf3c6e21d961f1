import { type Database, statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import type { System } from '../../system.ts';
import { enqueueMail } from '../mail/enqueue.ts';
import { momentIn, moneyIn } from '../tickets/words.ts';
import type { HeldForParty } from './hold-party.ts';
import { type PartyRow, recordHappenings } from './row.ts';

const LINE = `SELECT w.*, to_jsonb(i) AS channel FROM waitlist_entry w
   JOIN interface i ON i.company_id = w.company_id AND i.id = w.interface_id`;
const WAITING = statement(
  'waitlist_waiting',
  `${LINE} WHERE w.company_id = $1 AND w.event_id = $2 AND w.status = 'waiting' ORDER BY w.priority DESC, w.line`,
);
const PARTY = statement('waitlist_party', `${LINE} WHERE w.company_id = $1 AND w.id = $2`);

/** Everybody who waits for an event, in the order of the line. */
export const waitingParties = (
  reader: Tx | Database,
  company_id: number,
  event_id: number,
): Promise<PartyRow[]> => (reader as Tx).query<PartyRow>(WAITING, [company_id, event_id]);

/** One entry with its channel. */
export const partyOf = async (
  reader: Tx | Database,
  company_id: number,
  id: string,
): Promise<PartyRow | undefined> => (await (reader as Tx).query<PartyRow>(PARTY, [company_id, id]))[0];

/** The party does not wait any more: it left, or somebody else has just made it an offer. */
export class PartyGone extends Error {}

const LOCK = statement(
  'waitlist_entry_lock',
  `SELECT id FROM waitlist_entry WHERE company_id = $1 AND id = $2 AND status = 'waiting' FOR UPDATE`,
);

/** Keeps a party waiting until the transaction ends. @throws PartyGone */
export async function lockWaiting(tx: Tx, { company_id, id }: PartyRow): Promise<void> {
  if (!(await tx.query(LOCK, [company_id, id])).length) throw new PartyGone();
}

const OFFER = statement(
  'waitlist_entry_offer',
  `UPDATE waitlist_entry SET status = 'offered', cart_id = $3, offered_at = now(), offer_expires_at = $4,
     updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND id = $2 AND status = 'waiting'`,
);
const EVENT = statement(
  'waitlist_event',
  'SELECT name, starts_at, time_zone FROM event WHERE company_id = $1 AND id = $2',
);

/**
 * Makes what was held an offer to its party, in the transaction that holds it: entry, log, change and mail.
 * @param by_hand an organiser offered it, whoever was before the party
 */
export async function makeOffer(
  tx: Tx,
  system: System,
  party: PartyRow,
  held: HeldForParty,
  by_hand = false,
): Promise<HeldForParty> {
  const { cart, lines } = held;
  const values = [party.company_id, party.id, cart.id, cart.expires_at];
  if (!(await tx.execute(OFFER, values))) throw new PartyGone();
  const places = await placesOf(system, party.company_id, lines);
  const entry = { ...party, cart_id: cart.id };
  const data = {
    ...{ cart_id: cart.id, ticket_type_id: lines[0]?.ticket_type_id, total: cart.total },
    ...{ expires_at: cart.expires_at, ...(by_hand && { by_hand }) },
  };
  await recordHappenings(tx, [{ entry, what: 'offered', data }]);
  await mailOffer(tx, system, party, held, places);
  return held;
}

async function placesOf(system: System, company_id: number, lines: HeldForParty['lines']): Promise<string[]> {
  const seat_ids = lines.flatMap(({ seat_id }) => seat_id ?? []);
  const labels = await system.seatLabels.of(system.db, company_id, seat_ids);
  return [...labels.values()].map(({ section, row, number }) => `${section} ${row}-${number}`);
}

async function mailOffer(
  tx: Tx,
  system: System,
  party: PartyRow,
  { cart, lines }: HeldForParty,
  places: string[],
): Promise<void> {
  const { company_id, event_id, language } = party;
  const [event] = await tx.query<{ name: string; starts_at: Date; time_zone: string }>(EVENT, [
    company_id,
    event_id,
  ]);
  if (!event) return;
  const offer = await system.offers.get(system, company_id, event_id);
  const type = offer.ticket_types.get(lines[0]?.ticket_type_id as number);
  await enqueueMail(tx, {
    ...{ company_id, user_id: party.user_id, to: party.email, template: 'waitlist_offer', language },
    data: {
      ...{ event: event.name, starts: momentIn(event.time_zone, language, event.starts_at) },
      tickets: [`${lines.length} × ${type?.name ?? ''}`, ...places].join(' · '),
      total: moneyIn(language, cart.total, cart.currency),
      until: momentIn(event.time_zone, language, cart.expires_at),
      code: party.id,
    },
    minutes: Math.max(1, Math.floor((cart.expires_at.getTime() - Date.now()) / 60_000)),
  });
}
