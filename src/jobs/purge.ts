import { purgeIdempotencyKeys } from '../services/idempotency.ts';
import { purgeMails } from '../services/mail/send.ts';
import { purgeSessions } from '../services/oauth/purge.ts';
import type { JobTask } from './task.ts';

/** Every hour: forgets Idempotency-Keys older than a day, sessions that are over, and old mails. */
export const purge: JobTask = (system) => async () => {
  await purgeIdempotencyKeys(system.db);
  await purgeSessions(system.db);
  await purgeMails(system.db);
};
