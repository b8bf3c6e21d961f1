import { recoverSteps } from '../services/jobs/steps.ts';
import type { JobTask } from './task.ts';

/** Every minute: jobs in steps whose task died with its worker go on. */
export const recoverLostSteps: JobTask = (system) => () => recoverSteps(system);
