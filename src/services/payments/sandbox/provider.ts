import { z } from 'zod';
import { AppError } from '../../../errors.ts';
import { MAX_INT } from '../../../schemas/common.ts';
import type { System } from '../../../system.ts';
import type { ChargeRequest, ChargeState, PaymentProvider, ProviderEvent } from '../provider.ts';
import { webhookSecret } from '../secret.ts';
import { verifyWebhook } from '../signature.ts';
import {
  type ChargeRow,
  findCharge,
  findMethod,
  keepMethod,
  type MethodRow,
  makeCharge,
  makeRefund,
  type NewCharge,
} from './charges.ts';

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
  // Fine with their owner there; what they do without is below.
  ['sandbox_declines_later', { status: 'captured' }],
  ['sandbox_declines_once', { status: 'captured' }],
]);

const APPROVED: Script = { status: 'captured' };
const DECLINED: Script = { status: 'declined', reason: 'insufficient_funds' };

/** What a card that is kept does when it is charged without its owner. */
function scriptWithout(method: MethodRow | undefined): Script {
  switch (method?.token) {
    case 'sandbox_declines_later':
      return DECLINED;
    case 'sandbox_declines_once': // every second time it is fine
      return method.charges % 2 === 0 ? DECLINED : APPROVED;
    case 'sandbox_requires_action':
      return { status: 'declined', reason: 'authentication_required' };
    default:
      return SCRIPTS.get(method?.token ?? '') ?? { status: 'declined', reason: 'invalid_method' };
  }
}

/** A simulated provider with books of its own, for trying out everything that a real one does, and what goes wrong. */
export const sandbox: PaymentProvider = {
  name: SANDBOX,
  timeout: 2_000,

  async charge(system, request, signal) {
    const kept = request.saved_method?.slice(METHOD_PREFIX.length);
    const script = kept
      ? scriptWithout(await findMethod(system.db, kept))
      : (SCRIPTS.get(request.token) ?? { status: 'declined', reason: 'invalid_token' });
    const charge = await makeCharge(system.db, { ...chargeOf(request, script), method_id: kept ?? null });
    if (script.mute) await silence(signal);
    return stateOf(system, charge);
  },

  async saveMethod(system, { company_id, method_id, token }) {
    if (!SCRIPTS.has(token)) return undefined;
    await keepMethod(system.db, method_id, company_id, token);
    return METHOD_PREFIX + method_id;
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

const METHOD_PREFIX = 'pm_';

const chargeOf = (request: ChargeRequest, script: Script): Omit<NewCharge, 'method_id'> => ({
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
