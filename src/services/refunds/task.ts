/** Name of the task that has a provider give money back. */
export const REFUND_TASK = 'refund_payment';
