import { z } from 'zod';
import { AppError } from '../../../errors.ts';
import { MAX_INT } from '../../../schemas/common.ts';
import type { System } from '../../../system.ts';
import type { ChargeRequest, ChargeState, PaymentProvider, ProviderEvent } from '../provider.ts';
import { webhookSecret } from '../secret.ts';
import { verifyWebhook } from '../signature.ts';
import { type ChargeRow, findCharge, makeCharge, makeRefund, type NewCharge } from './charges.ts';

export const SANDBOX = 'sandbox';

/** After so many seconds a pending charge is captured. */
const SETTLES_IN_SECONDS = 3;

type Script = Pick<NewCharge, 'status'> & Partial<Pick<NewCharge, 'reason' | 'settles_in'>> & { mute?: true };

/** What each token makes happen. An unknown one is a card that does not exist. */
const SCRIPTS: ReadonlyMap<string, Script> = new Map<string, Script>([
  ['sandbox_approved', { status: 'captured' }],
  ['sandbox_declined', { status: 'declined', reason: 'insufficient_funds' }],
  ['sandbox_requires_action', { status: 'requires_action' }],
  ['sandbox_pending', { status: 'pending', settles_in: SETTLES_IN_SECONDS }],
  // The charge is made, but the answer never arrives.
  ['sandbox_timeout', { status: 'captured', mute: true }],
]);

/** A simulated provider with books of its own, for trying out everything that a real one does, and what goes wrong. */
export const sandbox: PaymentProvider = {
  name: SANDBOX,
  timeout: 2_000,

  async charge(system, request, signal) {
    const script = SCRIPTS.get(request.token) ?? { status: 'declined', reason: 'invalid_token' };
    const charge = await makeCharge(system.db, chargeOf(request, script));
    if (script.mute) await silence(signal);
    return stateOf(system, charge);
  },

  async lookUp(system, payment_id) {
    const charge = await findCharge(system.db, payment_id);
    return charge && stateOf(system, charge);
  },

  async refund(system, { refund_id, payment_id, amount }) {
    return (await makeRefund(system.db, refund_id, payment_id, amount))
      ? { status: 'succeeded', reference: `re_${refund_id}` }
      : { status: 'failed', reason: 'exceeds_charge' };
  },

  async verifyWebhook(system, headers, body) {
    const id = verifyWebhook(await webhookSecret(system, SANDBOX), headers, body);
    return readEvent(system, id, body);
  },
};

const chargeOf = (request: ChargeRequest, script: Script): NewCharge => ({
  id: request.payment_id,
  company_id: request.company_id,
  amount: request.amount,
  currency: request.currency,
  status: script.status,
  reason: script.reason ?? null,
  return_url: request.return_url,
  settles_in: script.settles_in ?? null,
});

const silence = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });

const referenceOf = (id: string): string => `ch_${id}`;

function stateOf(
  system: System,
  { id, status, reason }: Pick<ChargeRow, 'id' | 'status' | 'reason'>,
): ChargeState {
  const reference = referenceOf(id);
  if (status === 'requires_action')
    return { status, reference, action_url: `${system.publicUrl}/payments/sandbox/${id}` };
  return status === 'declined' ? { status, reference, reason: reason ?? 'declined' } : { status, reference };
}

const Event = z.object({
  type: z.string().max(100),
  data: z.object({
    charge: z
      .object({
        id: z.guid(),
        company_id: z.int().positive().max(MAX_INT),
        status: z.enum(['requires_action', 'pending', 'captured', 'declined']),
        reason: z.string().max(255).nullable(),
      })
      .optional(),
  }),
});

/** The event of a charge, as this provider sends it. */
export function eventOf(charge: ChargeRow): { id: string; body: string } {
  const { id, company_id, amount, currency, status, reason } = charge;
  const data = { charge: { id, company_id, reference: referenceOf(id), amount, currency, status, reason } };
  return { id: `evt_${id}_${status}`, body: JSON.stringify({ type: `charge.${status}`, data }) };
}

function readEvent(system: System, id: string, body: string): ProviderEvent {
  const event = Event.safeParse(parse(body));
  if (!event.success) throw new AppError('invalid_request', 'This is no event of the sandbox.');
  const { type, data } = event.data;
  return {
    id,
    type,
    payment: data.charge
      ? {
          company_id: data.charge.company_id,
          payment_id: data.charge.id.toLowerCase(),
          state: stateOf(system, data.charge),
        }
      : null,
  };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
