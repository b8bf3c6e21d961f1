import { createCodesSteps } from '../services/codes/batch.ts';
import { giveCourtesies } from '../services/courtesies/give-job.ts';
import { CANCELLATION } from '../services/events/manage/cancellation.ts';
import { exportSteps } from '../services/exports/steps.ts';
import { type AnySteps, giveUp, runSteps, type StepsPayload } from '../services/jobs/steps.ts';
import { SEASON_DATES } from '../services/subscriptions/season-dates.ts';
import { SEASON_KEEP } from '../services/subscriptions/season-keep.ts';
import { userExport } from '../services/users/export.ts';
import type { JobTask } from './task.ts';

/** Every kind of job that works in steps. */
const KINDS: readonly AnySteps[] = [
  createCodesSteps as AnySteps,
  giveCourtesies as AnySteps,
  CANCELLATION as AnySteps,
  userExport as AnySteps,
  exportSteps as AnySteps,
  SEASON_DATES as AnySteps,
  SEASON_KEEP as AnySteps,
];

/** How long a job keeps its place in the worker before others that are due get a turn. */
const TURN_MS = 2_000;

/** Failures in a row, each after a longer pause (half an hour in all), until a job is given up. */
const MAX_FAILURES = 8;

/** A task that works on jobs of the given kinds. */
export const stepsTask =
  (kinds: readonly AnySteps[]): JobTask =>
  (system) => {
    const byName = new Map(kinds.map((steps) => [steps.kind, steps]));
    return async (payload, { job, abortSignal }) => {
      const until = performance.now() + TURN_MS;
      const goOn = () => performance.now() < until && !abortSignal.aborted;
      try {
        await runSteps(system, byName, payload as StepsPayload, goOn);
      } catch (error) {
        if (job.attempts < MAX_FAILURES) throw error;
        await giveUp(system, payload as StepsPayload, error);
      }
    };
  };

/** Takes a job some steps further. */
export const runJobSteps: JobTask = stepsTask(KINDS);
