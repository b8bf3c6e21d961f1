import { notFound } from '../../../errors.ts';
import type { System } from '../../../system.ts';
import { webhookSecret } from '../secret.ts';
import { signWebhook } from '../signature.ts';
import { receiveWebhook } from '../webhook.ts';
import { type ChargeRow, decideCharge, findCharge } from './charges.ts';
import { actionPage, decidedPage } from './page.ts';
import { eventOf, SANDBOX } from './provider.ts';

/**
 * The page where the buyer of a simulated card approves or declines.
 * @returns HTML
 * @throws AppError not_found
 */
export async function showAction(system: System, payment_id: string): Promise<string> {
  const charge = await chargeOf(system, payment_id);
  return charge.status === 'requires_action' ? actionPage(charge) : decidedPage(charge);
}

/**
 * What the buyer decided: the simulated provider writes it down and tells it by a signed webhook, which is received as
 * any provider's is. Pressing the button again tells the same event again.
 * @returns HTML
 * @throws AppError not_found
 */
export async function decideAction(
  system: System,
  payment_id: string,
  decision: 'approve' | 'decline',
): Promise<string> {
  await chargeOf(system, payment_id);
  await decideCharge(system.db, payment_id, decision === 'approve' ? 'captured' : 'declined');
  const charge = await chargeOf(system, payment_id);
  const { id, body } = eventOf(charge);
  const headers = signWebhook(await webhookSecret(system, SANDBOX), id, body);
  await receiveWebhook(system, SANDBOX, { ...headers }, body);
  return decidedPage(charge);
}

async function chargeOf(system: System, id: string): Promise<ChargeRow> {
  const charge = await findCharge(system.db, id);
  if (!charge) throw notFound('Payment');
  return charge;
}
