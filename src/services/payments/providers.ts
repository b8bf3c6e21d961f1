import { notFound } from '../../errors.ts';
import type { System } from '../../system.ts';
import type { PaymentProvider } from './provider.ts';
import { sandbox } from './sandbox/provider.ts';

/** The providers that move money for us, by name. Another one is added here. */
export type PaymentProviders = Map<string, PaymentProvider>;

export const paymentProviders = (): PaymentProviders => new Map([[sandbox.name, sandbox]]);

/** Who takes card payments. */
export const CARD_PROVIDER = sandbox.name;

/** @throws AppError not_found */
export function providerOf(system: System, name: string): PaymentProvider {
  const provider = system.paymentProviders.get(name);
  if (!provider) throw notFound('Payment provider');
  return provider;
}
