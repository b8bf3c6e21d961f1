import type { System } from '../../system.ts';
import type { CardPayment } from './begin.ts';
import type { ChargeState } from './provider.ts';
import { providerOf } from './providers.ts';
import type { PaymentRow } from './row.ts';

/**
 * Asks the provider for the money: outside every transaction, once, and for a limited time. No answer is no verdict:
 * the charge may have been made, so the payment stays pending and a look-up will tell.
 */
export async function charge(
  system: System,
  payment: PaymentRow,
  { request, saved }: CardPayment,
): Promise<ChargeState | { status: 'pending'; reference: null }> {
  const provider = providerOf(system, payment.provider);
  try {
    return await answerWithin(provider.timeout, (signal) =>
      provider.charge(
        system,
        {
          company_id: payment.company_id,
          payment_id: payment.id,
          amount: payment.amount,
          currency: payment.currency,
          token: request.card.token,
          saved_method: saved?.reference ?? null,
          return_url: request.return_url ?? null,
        },
        signal,
      ),
    );
  } catch (err) {
    system.log.warn({ err, payment_id: payment.id, provider: provider.name }, 'a charge was not answered');
    return { status: 'pending', reference: null };
  }
}

/**
 * Gives a call a time limit, even if it does not heed its signal.
 * @throws what the call throws, or a TimeoutError
 */
export function answerWithin<T>(ms: number, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(ms);
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  const answer = async () => call(signal); // a call that throws at once must not leave `late` to nobody
  return Promise.race([late, answer()]);
}
