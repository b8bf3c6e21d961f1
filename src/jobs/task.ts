import type { Task } from 'graphile-worker';
import type { System } from '../system.ts';

/** A task of the worker, given the system it works on. Tasks may run twice: they look before they act. */
export type JobTask = (system: System) => Task;
