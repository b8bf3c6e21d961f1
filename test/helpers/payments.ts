import type { Context } from '../../src/context.ts';
import { runJobs } from '../../src/jobs/worker.ts';
import type { AddSaleDetails } from '../../src/schemas/carts.ts';
import type { Payment } from '../../src/schemas/payments.ts';
import { openCart } from '../../src/services/carts/hold.ts';
import type { CartView } from '../../src/services/carts/present.ts';
import { pay } from '../../src/services/payments/pay.ts';
import type { PaymentProvider } from '../../src/services/payments/provider.ts';
import { sandbox } from '../../src/services/payments/sandbox/provider.ts';
import { webhookSecret } from '../../src/services/payments/secret.ts';
import { type SignedHeaders, signWebhook } from '../../src/services/payments/signature.ts';
import { receiveWebhook } from '../../src/services/payments/webhook.ts';
import type { System } from '../../src/system.ts';
import { uuidv7 } from '../../src/uuid.ts';

/** Opens a cart that holds items. */
export const fill = (ctx: Context, items: AddSaleDetails['items']): Promise<CartView> =>
  openCart(ctx, { items });

/** Pays by a card of the sandbox. */
export const payByToken = (ctx: Context, cart_id: string, token: string): Promise<Payment> =>
  pay(ctx, cart_id, { method: 'card', card: { token: `sandbox_${token}` } });

/** Makes every task due and works all of them off. */
export async function runAllJobs(system: System): Promise<void> {
  await system.db.pool.query(
    `SELECT graphile_worker.reschedule_jobs(ARRAY(SELECT id FROM graphile_worker.jobs WHERE locked_at IS NULL), now())`,
  );
  await runJobs(system);
}

type Told = 'captured' | 'declined' | 'pending' | 'requires_action';

export interface Delivery {
  headers: SignedHeaders;
  body: string;
}

/** A webhook as the sandbox signs it. */
export async function webhookOf(
  system: System,
  payment: { id: string },
  status: Told,
  more: { id?: string; at?: Date; company_id?: number; secret?: string } = {},
): Promise<Delivery> {
  const { rows } = await system.db.pool.query('SELECT company_id FROM payment WHERE id = $1', [payment.id]);
  const company_id = more.company_id ?? rows[0]?.company_id ?? 1;
  const reason = status === 'declined' ? 'stolen_card' : null;
  const charge = { id: payment.id, company_id, status, reason };
  const body = JSON.stringify({ type: `charge.${status}`, data: { charge } });
  const secret = more.secret ?? (await webhookSecret(system, 'sandbox'));
  return { headers: signWebhook(secret, more.id ?? `evt_${uuidv7()}`, body, more.at), body };
}

/** Signs and delivers a webhook. */
export async function tell(
  system: System,
  payment: { id: string },
  status: Told,
  id?: string,
): Promise<void> {
  const { headers, body } = await webhookOf(system, payment, status, id ? { id } : {});
  await receiveWebhook(system, 'sandbox', { ...headers }, body);
}

/** Puts a provider in the sandbox's place that differs in some ways, until the function it gives is called. */
export function instead(system: System, different: Partial<PaymentProvider>): () => void {
  system.paymentProviders.set('sandbox', { ...sandbox, ...different });
  return () => system.paymentProviders.set('sandbox', sandbox);
}
