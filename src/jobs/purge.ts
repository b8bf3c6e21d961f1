import { purgeChanges } from '../services/feed/purge.ts';
import { purgeIdempotencyKeys } from '../services/idempotency.ts';
import { purgeMails } from '../services/mail/send.ts';
import { purgeSessions } from '../services/oauth/purge.ts';
import { purgeAccounts } from '../services/users/purge.ts';
import type { JobTask } from './task.ts';

/**
 * Every hour: forgets Idempotency-Keys older than a day, sessions that are over, old mails, and changes of more than 90
 * days ago.
 */
export const purge: JobTask = (system) => async () => {
  await purgeIdempotencyKeys(system.db);
  await purgeSessions(system.db);
  await purgeMails(system.db);
  await purgeChanges(system.db);
  await purgeAccounts(system.db);
};
