import { expireCourtesies } from '../services/courtesies/end.ts';
import type { JobTask } from './task.ts';

/** Every minute: courtesies whose time is over and whose guests have not come end, and their places are free. */
export const expireOverdueCourtesies: JobTask = (system) => async () => {
  await expireCourtesies(system);
};
