import { endEvents } from '../services/events/end.ts';
import type { JobTask } from './task.ts';

/** Every few minutes: events that have been over for a day are closed. */
export const endPastEvents: JobTask = (system) => async () => {
  await endEvents(system);
};
