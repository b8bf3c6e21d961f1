import type { IncomingHttpHeaders } from 'node:http';
import { statement } from '../../db/client.ts';
import { inTransaction } from '../../db/transaction.ts';
import { AppError, notFound } from '../../errors.ts';
import type { System } from '../../system.ts';
import { recordEvents } from './events.ts';
import { conclude } from './pay.ts';
import { providerOf } from './providers.ts';

const FIND = statement(
  'payment_of_provider',
  'SELECT company_id, id, cart_id, exchange_id FROM payment WHERE company_id = $1 AND id = $2 AND provider = $3',
);

/** U+0000 and halves of surrogate pairs, as JSON.stringify writes them: PostgreSQL keeps neither in its jsonb. */
const UNSTORABLE = /\\u(0000|d[89a-f][0-9a-f]{2})/;

interface Found {
  company_id: number;
  id: string;
  cart_id: string;
  exchange_id: string | null;
}

/**
 * Receives a provider's webhook. Once this returns, what it told is durable, and it may be acknowledged.
 *
 * A payment that is not known is not acknowledged: every payment is written down before its provider hears of it, so the
 * event is either another deployment's, or this database has lost a payment whose money was taken. The provider then
 * delivers again for days and shows the failure to its customer, instead of the money being swallowed by a 204.
 * @throws AppError not_found for an unknown provider or payment, invalid_signature, invalid_request
 */
export async function receiveWebhook(
  system: System,
  provider: string,
  headers: IncomingHttpHeaders,
  body: string,
): Promise<void> {
  const event = await providerOf(system, provider).verifyWebhook(system, headers, body);
  const payload = JSON.stringify(JSON.parse(body));
  if (UNSTORABLE.test(payload))
    throw new AppError('invalid_request', 'The event contains characters that do not exist.');
  const { id, type } = event;
  const known = { provider, id, type, payload };
  if (!event.payment) {
    await inTransaction(system.db, (tx) => recordEvents(tx, [{ event: { ...known, payment_id: null } }]));
    return;
  }
  const { company_id, payment_id, state } = event.payment;
  const [payment] = await system.db.query<Found>(FIND, [company_id, payment_id, provider]);
  if (!payment) throw notFound('Payment');
  await conclude(system, { payment, news: state, event: { ...known, payment_id } });
}
