import type { LookUp } from '../services/payments/look-up.ts';
import { reconcilePayment } from '../services/payments/reconcile.ts';
import type { JobTask } from './task.ts';

/** Asks the provider how a payment stands. */
export const lookUpPayment: JobTask = (system) => (payload) => reconcilePayment(system, payload as LookUp);
