import { setTimeout as sleep } from 'node:timers/promises';
import { Logger, type LogLevel, run, runMigrations, runOnce, type TaskList } from 'graphile-worker';
import type pg from 'pg';
import { statement } from '../db/client.ts';
import { TELL_SOLD_OUT_TASK } from '../services/events/sold-out-task.ts';
import { recoverSteps, STEPS_TASK } from '../services/jobs/steps.ts';
import { SEND_MAIL_TASK } from '../services/mail/enqueue.ts';
import { handOverMails, startHandingOver } from '../services/mail/hand-over.ts';
import { LOOK_UP_TASK } from '../services/payments/look-up.ts';
import { REFUND_TASK } from '../services/refunds/task.ts';
import { PASSWORD_RESET_TASK } from '../services/users/password-reset.ts';
import { startWaitlists } from '../services/waitlist/round.ts';
import type { System } from '../system.ts';
import { endPastEvents } from './end-events.ts';
import { expireOverdueCourtesies } from './expire-courtesies.ts';
import { lookUpPayment } from './look-up-payment.ts';
import { resetForgottenPassword } from './password-reset.ts';
import { purge } from './purge.ts';
import { recoverLostMails } from './recover-mails.ts';
import { recoverLostPayments } from './recover-payments.ts';
import { recoverLostSteps } from './recover-steps.ts';
import { refundPayment } from './refund-payment.ts';
import { renewSubscriptions } from './renew-subscriptions.ts';
import { runJobSteps } from './run-steps.ts';
import { sendOneMail } from './send-mail.ts';
import type { JobTask } from './task.ts';
import { soldOut } from './tell-sold-out.ts';

/** Every task by the name it is enqueued under. */
const TASKS: Record<string, JobTask> = {
  [LOOK_UP_TASK]: lookUpPayment,
  [REFUND_TASK]: refundPayment,
  [STEPS_TASK]: runJobSteps,
  [SEND_MAIL_TASK]: sendOneMail,
  [TELL_SOLD_OUT_TASK]: soldOut,
  end_events: endPastEvents,
  expire_courtesies: expireOverdueCourtesies,
  recover_payments: recoverLostPayments,
  recover_steps: recoverLostSteps,
  [PASSWORD_RESET_TASK]: resetForgottenPassword,
  recover_mails: recoverLostMails,
  renew_subscriptions: renewSubscriptions,
  purge,
};

const CRONTAB = `
* * * * * expire_courtesies
*/5 * * * * end_events ?fill=1h
* * * * * recover_payments ?fill=1m
* * * * * recover_steps ?fill=1m
* * * * * recover_mails ?fill=1m
* * * * * renew_subscriptions ?fill=1m
17 * * * * purge
`;

const CONCURRENCY = 4;
const POLL_MS = 1_000;
/** A job that nothing has moved for so long when a worker starts was most likely this one's before it died. */
const JUST_DIED_SECONDS = 2;

/**
 * Makes the tables that tasks are kept in, or brings them up to date. Any number of processes may do so at once, and
 * each must before it serves: requests enqueue tasks in their own transactions.
 * @param database a pool, or a connection string
 */
export async function migrateJobs(database: pg.Pool | string): Promise<void> {
  const where = typeof database === 'string' ? { connectionString: database } : { pgPool: database };
  await runMigrations({ ...where, logger: SILENT });
}

/**
 * Works off tasks until it is stopped: those due now, those that become due, and those of the clock. Stopping waits for
 * the tasks that run.
 */
export async function startWorker(system: System): Promise<{ stop(): Promise<void> }> {
  await recoverSteps(system, JUST_DIED_SECONDS);
  const runner = await run({
    pgPool: system.db.pool,
    logger: loggerOf(system),
    taskList: tasksOf(system),
    crontab: CRONTAB,
    concurrency: CONCURRENCY,
    pollInterval: POLL_MS,
    noHandleSignals: true,
  });
  const mails = startHandingOver(system);
  const waitlists = startWaitlists(system);
  return {
    async stop() {
      await waitlists.stop();
      await mails.stop();
      await runner.stop();
    },
  };
}

const LOCKED = statement(
  'task_locked',
  `SELECT id FROM graphile_worker.jobs WHERE locked_at > now() - interval '1 minute' LIMIT 1`,
);

// What waits behind a task of its queue that has just ended is not seen by a worker that is about to stop.
const DUE = statement(
  'task_due',
  `SELECT j.id FROM graphile_worker.jobs j
   LEFT JOIN graphile_worker._private_job_queues q ON q.queue_name = j.queue_name
   WHERE j.locked_at IS NULL AND q.locked_at IS NULL AND j.run_at <= now() AND j.attempts < j.max_attempts
     AND j.task_identifier = ANY($1) LIMIT 1`,
);

/**
 * Works off the tasks that are due now, and returns when none is left and all that ran are written down.
 * @param names of the tasks; all of them when left out
 */
export async function runJobs(system: System, names = Object.keys(TASKS)): Promise<void> {
  const all = tasksOf(system);
  const taskList = Object.fromEntries(names.map((name) => [name, all[name]])) as TaskList;
  do {
    if (names.includes(SEND_MAIL_TASK)) await handOverMails(system);
    await runOnce({ pgPool: system.db.pool, logger: loggerOf(system), taskList, noHandleSignals: true });
    // The worker does not wait for what it writes of the last ones.
    while ((await system.db.query(LOCKED)).length) await sleep(5);
  } while ((await system.db.query(DUE, [Object.keys(taskList)])).length);
}

const tasksOf = (system: System): TaskList =>
  Object.fromEntries(Object.entries(TASKS).map(([name, task]) => [name, task(system)]));

const LEVELS = { error: 'error', warning: 'warn', info: 'debug', debug: 'trace' } as const satisfies Record<
  `${LogLevel}`,
  string
>;

/** The worker's log is ours; what it has to say of its ordinary work is for debugging. */
const loggerOf = ({ log }: System) =>
  new Logger((scope) => (level, message, meta) => log[LEVELS[level]]({ ...scope, ...meta }, message));

const SILENT = new Logger(() => () => undefined);
