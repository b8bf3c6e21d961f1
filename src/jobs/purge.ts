import { purgeIdempotencyKeys } from '../services/idempotency.ts';
import { purgeSessions } from '../services/oauth/purge.ts';
import type { JobTask } from './task.ts';

/** Every hour: forgets Idempotency-Keys older than a day, and sessions that are over. */
export const purge: JobTask = (system) => async () => {
  await purgeIdempotencyKeys(system.db);
  await purgeSessions(system.db);
};
