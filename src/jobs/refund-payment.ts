import { refundAtProvider } from '../services/refunds/provider.ts';
import type { JobTask } from './task.ts';

/** Has the provider give money back. */
export const refundPayment: JobTask = (system) => (payload) =>
  refundAtProvider(system, payload as { company_id: number; refund_id: string });
