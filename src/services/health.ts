import { statement } from '../db/client.ts';
import { AppError } from '../errors.ts';
import type { System } from '../system.ts';

const PATIENCE_MS = 2_000;

const PING = statement('health_ping', 'SELECT 1');

/**
 * Can this process do its work? A load balancer sends it requests only while it can.
 * @throws AppError service_unavailable when the database does not answer within two seconds
 */
export async function checkReady({ db }: System): Promise<{ status: 'ok' }> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the database is silent')), PATIENCE_MS);
  });
  try {
    await Promise.race([db.query(PING), timeout]);
    return { status: 'ok' };
  } catch (cause) {
    const refusal = new AppError(
      'service_unavailable',
      'The database does not answer.',
      {},
      { 'retry-after': '5' },
    );
    refusal.cause = cause;
    throw refusal;
  } finally {
    clearTimeout(timer);
  }
}
