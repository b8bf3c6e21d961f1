import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { inTransaction, type Tx, transaction } from '../../db/transaction.ts';
import { AppError, type FieldFault, fieldError, notFound } from '../../errors.ts';
import type { JoinWaitlist } from '../../schemas/waitlist.ts';
import { uuidv7 } from '../../uuid.ts';
import { requireBuyer } from '../carts/hold.ts';
import { wantedOf } from '../carts/wanted.ts';
import type { Offer } from '../events/offer.ts';
import { loadEvent } from '../events/row.ts';
import { emailKey } from '../users/row.ts';
import { candidatesOf, takes, typesFor } from './candidates.ts';
import { holdParty } from './hold-party.ts';
import {
  type EntryRow,
  type EntryView,
  findEntry,
  type PartyRow,
  presentEntry,
  recordHappenings,
} from './row.ts';
import { createList, settingsOf } from './settings.ts';

const INSERT = statement(
  'waitlist_entry_insert',
  `INSERT INTO waitlist_entry (company_id, id, event_id, interface_id, client_id, user_id, email, person, language,
     party_size, ticket_type_ids, max_price, together)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
   ON CONFLICT (company_id, event_id, person) WHERE status IN ('waiting', 'offered') DO NOTHING RETURNING *`,
);

/**
 * Puts a party on the waiting list of an event, at the end of the line.
 * @throws AppError not_found, not_on_sale, validation_failed, insufficient_scope; conflict when the list is switched off,
 *   what is wanted can be bought now, or the person is on the list already
 */
export async function joinWaitlist(ctx: Context, event_id: number, body: JoinWaitlist): Promise<EntryView> {
  await loadEvent(ctx, event_id);
  if (body.user_id !== undefined) await requireBuyer(ctx, body.user_id);
  const party = partyOf(ctx, event_id, body);
  const offer = await ctx.system.offers.get(ctx.system, ctx.company_id, event_id);
  requireSensible(offer, party);
  await requireOnSale(ctx, offer, party);
  const { enabled } = await settingsOf(ctx.system.db, ctx.company_id, event_id);
  if (!enabled)
    throw new AppError('conflict', 'This event keeps no waiting list.', { reason: 'no_waitlist' });
  await requireNotToBeHad(ctx, party);
  return transaction(ctx, async (tx) => {
    await createList(tx, ctx.company_id, event_id);
    await insert(tx, party);
    return presentEntry(ctx, await findEntry(ctx, event_id, party.id, tx));
  });
}

function partyOf(ctx: Context, event_id: number, body: JoinWaitlist): PartyRow {
  const user_id = body.user_id ?? ctx.user_id ?? null;
  const email = body.email ?? null;
  if (user_id === null && email === null)
    throw fieldError('/email', 'Without a user, an address is needed for the offer.', 'required');
  return {
    ...{ company_id: ctx.company_id, id: uuidv7(), event_id, interface_id: ctx.interface.id },
    ...{ client_id: ctx.client_id, user_id, email, language: ctx.language, channel: ctx.interface },
    person: user_id === null ? emailKey(email as string) : `user ${user_id}`,
    ...{ status: 'waiting', party_size: body.party_size, ticket_type_ids: body.ticket_type_ids ?? [] },
    ...{ max_price: body.max_price ?? null, together: body.together ?? false },
    ...{ priority: 0, line: 0, cart_id: null, offered_at: null, offer_expires_at: null, tried_at: null },
    ...{ created_at: ctx.now, updated_at: ctx.now, closed_at: null },
  };
}

/** @throws AppError validation_failed for types that are not the event's or need a code, and for too large a party */
function requireSensible(offer: Offer, party: PartyRow): void {
  const errors = party.ticket_type_ids.flatMap((id, i): FieldFault[] => {
    const pointer = `/ticket_type_ids/${i}`;
    const type = offer.ticket_types.get(id);
    if (!type) return [{ pointer, code: 'not_found', message: 'No such ticket type of this event.' }];
    return type.access_code_required
      ? [{ pointer, code: 'invalid', message: 'This type needs an access code.' }]
      : [];
  });
  if (errors.length) throw new AppError('validation_failed', 'Some types cannot be waited for.', { errors });
  if (!typesFor(offer, party).some((type) => takes(offer, type, party.party_size)))
    throw fieldError('/party_size', 'No cart of these tickets takes so many.', 'out_of_range');
}

/** One of the types must be on sale to the party. @throws AppError not_on_sale */
async function requireOnSale(ctx: Context, offer: Offer, party: PartyRow): Promise<void> {
  let refusal: unknown = notFound('Event');
  for (const { item } of candidatesOf(offer, party)) {
    try {
      await wantedOf(ctx, [item], party.user_id);
      return;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      refusal = error;
    }
  }
  throw refusal;
}

/** Whoever can buy need not wait. Tried as a buyer would, and undone. @throws AppError conflict */
async function requireNotToBeHad(ctx: Context, party: PartyRow): Promise<void> {
  const outcome = await holdParty(ctx.system, party, {
    ...{ minutes: 1, listed: false },
    run: (work) => inTransaction(ctx.system.db, work, 'ROLLBACK'),
    guard: async () => {},
    keep: async (_, { lines }) => lines[0]?.ticket_type_id,
  });
  if ('held' in outcome)
    throw new AppError('conflict', 'This can be bought now: open a cart with it.', {
      ...{ reason: 'available_now', ticket_type_id: outcome.held },
    });
}

async function insert(tx: Tx, party: PartyRow): Promise<void> {
  const { company_id, id, event_id, interface_id, client_id, user_id, email, person, language } = party;
  const { party_size, ticket_type_ids, max_price, together } = party;
  const [entry] = await tx.query<EntryRow>(INSERT, [
    ...[company_id, id, event_id, interface_id, client_id, user_id, email, person, language],
    ...[party_size, ticket_type_ids, max_price, together],
  ]);
  if (!entry)
    throw new AppError('conflict', 'This person is on the waiting list already.', {
      reason: 'already_waiting',
    });
  await recordHappenings(tx, [{ entry, what: 'joined', data: { party_size, together, max_price } }]);
}
