import { purgeIdempotencyKeys } from '../services/idempotency.ts';
import type { JobTask } from './task.ts';

/** Every hour: forgets Idempotency-Keys older than a day. */
export const purge: JobTask = (system) => async () => {
  await purgeIdempotencyKeys(system.db);
};
