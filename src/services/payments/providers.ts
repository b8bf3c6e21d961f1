import type { Config } from '../../config.ts';
import { fieldError, notFound } from '../../errors.ts';
import type { System } from '../../system.ts';
import type { PaymentProvider } from './provider.ts';
import { sandbox } from './sandbox/provider.ts';

/** The providers that move money for us, by name. Another one is added here. */
export type PaymentProviders = Map<string, PaymentProvider>;

export const paymentProviders = ({ SANDBOX_PAYMENTS }: Config): PaymentProviders =>
  new Map(SANDBOX_PAYMENTS ? [[sandbox.name, sandbox]] : []);

/** Who takes card payments. */
const CARD_PROVIDER = sandbox.name;

/** Is there anybody who takes cards? */
export const takesCards = ({ paymentProviders }: System): boolean => paymentProviders.has(CARD_PROVIDER);

/** @throws AppError validation_failed when this server has nobody who takes cards */
export function requireCardProvider(system: System): string {
  if (takesCards(system)) return CARD_PROVIDER;
  throw fieldError(
    '/method',
    'No provider takes card payments for this server: pay otherwise.',
    'no_provider',
  );
}

/** @throws AppError not_found */
export function providerOf(system: System, name: string): PaymentProvider {
  const provider = system.paymentProviders.get(name);
  if (!provider) throw notFound('Payment provider');
  return provider;
}
