import { purgeExports } from '../services/exports/manage.ts';
import { purgeChanges } from '../services/feed/purge.ts';
import { purgeIdempotencyKeys } from '../services/idempotency.ts';
import { purgeMails } from '../services/mail/send.ts';
import { purgeSessions } from '../services/oauth/purge.ts';
import { purgeAccounts } from '../services/users/purge.ts';
import type { JobTask } from './task.ts';

/**
 * Every hour: forgets Idempotency-Keys older than a day, sessions that are over, old mails, changes of more than 90 days
 * ago, and files that have expired.
 */
export const purge: JobTask = (system) => async () => {
  await purgeIdempotencyKeys(system.db);
  await purgeSessions(system.db);
  await purgeMails(system.db);
  await purgeChanges(system.db);
  await purgeAccounts(system.db);
  await purgeExports(system.db);
};
