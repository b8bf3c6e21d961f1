import { Webhook as Signer } from 'standardwebhooks';
import { post } from '../../net/post.ts';

const TIMEOUT_MS = 15_000;

export interface Message {
  url: string;
  /** Those that sign, newest first. */
  secrets: readonly string[];
  /** webhook-id: the same in every attempt. */
  id: string;
  body: string;
}

/** What came of an attempt: a status, or the reason why there is none. */
export interface Outcome {
  response_status: number | null;
  /** Null: delivered. */
  error: string | null;
  /** Seconds that the receiver asks us to wait. */
  retry_after?: number;
}

/**
 * Posts a message as Standard Webhooks says, once. An answer of 3xx is a failure like any other that is not 2xx. Never
 * throws.
 * @param allowPrivate whether addresses outside the public internet may be called
 */
export async function send(message: Message, allowPrivate: boolean, timeout = TIMEOUT_MS): Promise<Outcome> {
  try {
    const headers = headersOf(message);
    const { status, ...more } = await post(message.url, message.body, { headers, allowPrivate, timeout });
    const taken = status >= 200 && status < 300;
    return { response_status: status, error: taken ? null : `answered ${status}`, ...more };
  } catch (error) {
    const reason = (error as Error).message || String(error);
    return { response_status: null, error: reason.slice(0, 300) };
  }
}

/** Signed for the moment of the attempt, with every secret that is good (during a rotation: two). */
function headersOf({ secrets, id, body }: Message): Record<string, string> {
  const now = new Date();
  return {
    'user-agent': 'ticketing-api-webhooks/1',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
    'webhook-signature': secrets.map((secret) => new Signer(secret).sign(id, now, body)).join(' '),
  };
}
