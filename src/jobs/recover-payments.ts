import { recoverPayments } from '../services/payments/reconcile.ts';
import { recoverRefunds } from '../services/refunds/provider.ts';
import type { JobTask } from './task.ts';

/** Every minute: payments and refunds whose task died with its worker get a new one. */
export const recoverLostPayments: JobTask = (system) => async () => {
  await recoverPayments(system);
  await recoverRefunds(system);
};
