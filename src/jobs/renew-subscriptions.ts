import { workOffDue } from '../services/subscriptions/renewals.ts';
import type { JobTask } from './task.ts';

/** Every minute: subscriptions that are due are reminded, renewed or ended. */
export const renewSubscriptions: JobTask = (system) => () => workOffDue(system, new Date());
