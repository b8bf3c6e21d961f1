import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { AppError } from '../../errors.ts';

// Standard Webhooks 1.0: HMAC-SHA256 over `id.timestamp.body`, in base64 after `v1,`.

/** How far the clocks of sender and receiver may be apart; older deliveries are not believed, lest they be replayed. */
const TOLERANCE_SECONDS = 300;
const PREFIX = 'whsec_';

export interface SignedHeaders {
  'webhook-id': string;
  'webhook-timestamp': string;
  'webhook-signature': string;
}

/**
 * Signs a webhook.
 * @param secret `whsec_` and base64, or any text
 */
export function signWebhook(secret: string, id: string, body: string, at = new Date()): SignedHeaders {
  const timestamp = String(Math.floor(at.getTime() / 1_000));
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${digest(secret, id, timestamp, body).toString('base64')}`,
  };
}

/**
 * Checks who sent a webhook and when, over the body exactly as received.
 * @returns the id of the webhook
 * @throws AppError invalid_signature, in the same words whatever is wrong
 */
export function verifyWebhook(
  secret: string,
  headers: IncomingHttpHeaders,
  body: string,
  now = new Date(),
): string {
  const id = single(headers['webhook-id']);
  const timestamp = single(headers['webhook-timestamp']);
  const signatures = single(headers['webhook-signature']);
  if (!id || id.length > 255 || !signatures || !/^\d{1,12}$/.test(timestamp ?? '')) throw refusal();
  if (Math.abs(now.getTime() / 1_000 - Number(timestamp)) > TOLERANCE_SECONDS) throw refusal();
  const expected = digest(secret, id, timestamp as string, body);
  // Several, apart by spaces: a sender that changes its secret signs with both for a while.
  if (!signatures.split(' ').some((signature) => holds(signature, expected))) throw refusal();
  return id;
}

function holds(signature: string, expected: Buffer): boolean {
  const [version, text = ''] = signature.split(',', 2);
  const given = Buffer.from(text, 'base64');
  return version === 'v1' && given.length === expected.length && timingSafeEqual(given, expected);
}

function digest(secret: string, id: string, timestamp: string, body: string): Buffer {
  const key = secret.startsWith(PREFIX) ? Buffer.from(secret.slice(PREFIX.length), 'base64') : secret;
  return createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest();
}

const single = (header: string | string[] | undefined): string | undefined =>
  typeof header === 'string' ? header : undefined;

const refusal = (): AppError =>
  new AppError(
    'invalid_signature',
    'The signature of this webhook does not hold, or is more than five minutes old.',
    {},
    { 'www-authenticate': 'Webhook-Signature' },
  );
