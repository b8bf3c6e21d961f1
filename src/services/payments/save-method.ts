import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { inTransaction, type Tx } from '../../db/transaction.ts';
import { fieldError } from '../../errors.ts';
import type { System } from '../../system.ts';
import { uuidv7 } from '../../uuid.ts';
import { answerWithin } from './charge.ts';
import { providerOf, requireCardProvider } from './providers.ts';
import type { PaymentRow } from './row.ts';

const OWNER = statement('saved_method_owner', 'SELECT user_id FROM cart WHERE company_id = $1 AND id = $2');
const INSERT = statement(
  'saved_method_insert',
  `INSERT INTO saved_method (company_id, id, user_id, provider, reference) VALUES ($1, $2, $3, $4, $5)`,
);
const OF_PAYMENT = statement(
  'payment_saved_method',
  'UPDATE payment SET saved_method_id = $3 WHERE company_id = $1 AND id = $2',
);
const FIND = statement(
  'saved_method_find',
  'SELECT id, provider, reference FROM saved_method WHERE company_id = $1 AND id = ANY($2::uuid[])',
);

/** A card that a provider keeps for its owner. */
export interface SavedMethod {
  id: string;
  provider: string;
  reference: string;
}

/** Cards that are kept, by id. */
export async function savedMethods(
  system: System,
  company_id: number,
  ids: readonly string[],
): Promise<Map<string, SavedMethod>> {
  const rows = await system.db.query<SavedMethod>(FIND, [company_id, ids]);
  return new Map(rows.map((row) => [row.id, row]));
}

/** A card is kept for somebody. A cart that does not exist is left to whoever looks for it next. */
export async function requireOwner(ctx: Context, cart_id: string): Promise<void> {
  const [cart] = await ctx.system.db.query<{ user_id: number | null }>(OWNER, [ctx.company_id, cart_id]);
  if (cart && cart.user_id === null)
    throw fieldError('/card/save', 'A card is kept for a user, and this cart is nobody’s.', 'user_required');
}

/**
 * Has the provider keep the card of a payment that is about to be charged. A provider who does not answer, or does not
 * keep such a card, must not stop the payment: its subscription will have no card to renew with, and its owner is told
 * so in time.
 */
export async function keepCard(system: System, payment: PaymentRow, token: string): Promise<void> {
  const { company_id, cart_id } = payment;
  const kept = await askToKeep(system, company_id, payment.provider, token).catch((err: unknown) => {
    system.log.warn({ err, payment_id: payment.id, provider: payment.provider }, 'a card was not kept');
    return undefined;
  });
  const [cart] = await system.db.query<{ user_id: number | null }>(OWNER, [company_id, cart_id]);
  if (!kept || !cart?.user_id) return;
  const user_id = cart.user_id;
  await inTransaction(system.db, async (tx) => {
    await insertMethod(tx, company_id, user_id, kept);
    await tx.execute(OF_PAYMENT, [company_id, payment.id, kept.id]);
  });
}

async function askToKeep(
  system: System,
  company_id: number,
  name: string,
  token: string,
): Promise<SavedMethod | undefined> {
  const provider = providerOf(system, name);
  const method_id = uuidv7();
  const reference = await answerWithin(provider.timeout, (signal) =>
    provider.saveMethod(system, { company_id, method_id, token }, signal),
  );
  return reference === undefined ? undefined : { id: method_id, provider: name, reference };
}

/**
 * Has the provider keep a card that nothing is charged to now. Called before the transaction that uses it.
 * @param pointer where the request names the card
 * @throws AppError validation_failed when the provider keeps no such card
 */
export async function newMethod(ctx: Context, token: string, pointer: string): Promise<SavedMethod> {
  const kept = await askToKeep(ctx.system, ctx.company_id, requireCardProvider(ctx.system), token);
  if (!kept) throw fieldError(pointer, 'The provider does not keep this card.', 'not_kept');
  return kept;
}

/** Writes down a card that a provider keeps. */
export async function insertMethod(
  tx: Tx,
  company_id: number,
  user_id: number,
  { id, provider, reference }: SavedMethod,
): Promise<void> {
  await tx.execute(INSERT, [company_id, id, user_id, provider, reference]);
}
