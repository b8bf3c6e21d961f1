import type { IncomingHttpHeaders } from 'node:http';
import type { System } from '../../system.ts';

/** A charge as the provider is asked for it. */
export interface ChargeRequest {
  company_id: number;
  /** Also the idempotency key: asking again for the same payment must never charge again. */
  payment_id: string;
  /** Minor units. */
  amount: number;
  currency: string;
  /** What the provider's own form made of the card: no card number ever reaches this server. */
  token: string;
  /** A card that the provider keeps, charged without its owner, instead of the token. */
  saved_method: string | null;
  /** Where the provider sends the buyer after an action. */
  return_url: string | null;
}

/** How a charge stands at the provider. `reference` is the provider's own name of it. */
export type ChargeState =
  | { status: 'captured' | 'pending'; reference: string }
  | { status: 'requires_action'; reference: string; action_url: string }
  | { status: 'declined'; reference: string; reason: string };

export interface ProviderRefund {
  /** Also the idempotency key. */
  refund_id: string;
  payment_id: string;
  reference: string | null;
  amount: number;
  currency: string;
}

export type RefundState =
  | { status: 'succeeded' | 'pending'; reference: string }
  | { status: 'failed'; reason: string };

/** What a signed webhook tells. */
export interface ProviderEvent {
  /** The provider's id of the event: the same one may be delivered many times. */
  id: string;
  type: string;
  /** The payment it is about, as we named it in the charge; null for what does not concern one. */
  payment: { company_id: number; payment_id: string; state: ChargeState } | null;
}

/**
 * Who moves money for us. Calls go over a network: they are made outside every transaction, end when `signal` says so,
 * and throw when no answer came, which says nothing about whether the charge was made; `lookUp` tells then.
 */
export interface PaymentProvider {
  readonly name: string;
  /** How long an answer is waited for, in milliseconds. */
  readonly timeout: number;
  charge(system: System, request: ChargeRequest, signal: AbortSignal): Promise<ChargeState>;
  /**
   * Has the provider keep a card for charges without its owner; repeated with the same method_id it keeps one.
   * @returns the provider's name of it; undefined when it keeps no such card
   */
  saveMethod(
    system: System,
    request: { company_id: number; method_id: string; token: string },
    signal: AbortSignal,
  ): Promise<string | undefined>;
  /** How the charge of a payment stands; undefined when the provider has never heard of it. */
  lookUp(system: System, payment_id: string, signal: AbortSignal): Promise<ChargeState | undefined>;
  /** Gives money back; repeated with the same refund_id it gives nothing twice and tells how that refund stands. */
  refund(system: System, request: ProviderRefund, signal: AbortSignal): Promise<RefundState>;
  /**
   * Reads a webhook after checking its signature over the raw body.
   * @throws AppError invalid_signature; invalid_request when what was signed cannot be read
   */
  verifyWebhook(system: System, headers: IncomingHttpHeaders, body: string): Promise<ProviderEvent>;
}
