import { setTimeout as sleep } from 'node:timers/promises';
import { type Database, statement } from '../../db/client.ts';

const POLL_MS = 200;

/** Those who wait for a job to finish (`?wait`). */
export interface JobWaits {
  /** Resolves when the job has finished, `ms` have passed, the signal aborts, or the server shuts down. */
  finished(company_id: number, id: string, ms: number, signal: AbortSignal): Promise<void>;
  /** Lets everybody go, and waits for nobody from now on. */
  release(): void;
}

interface Waiter {
  company_id: number;
  id: string;
  resume(): void;
}

const FINISHED = statement(
  'job_finished',
  `SELECT j.id FROM job j JOIN unnest($1::int[], $2::uuid[]) AS r (company_id, id)
     ON j.company_id = r.company_id AND j.id = r.id
   WHERE j.company_id = ANY($1) AND j.id = ANY($2) AND j.finished_at IS NOT NULL`,
);

/**
 * One query a fifth of a second for all who wait in this process, and none while nobody does. (NOTIFY would be told
 * sooner, but its lock lets only one transaction of the whole server commit at a time.)
 */
export function openJobWaits(db: Database): JobWaits {
  const waiters = new Set<Waiter>();
  let polling = false;
  let released = false;

  async function poll(): Promise<void> {
    polling = true;
    while (waiters.size) {
      await sleep(POLL_MS);
      const asked = [...waiters];
      if (!asked.length) break;
      const rows = await db
        .query<{ id: string }>(FINISHED, [asked.map((w) => w.company_id), asked.map((w) => w.id)])
        .catch(() => []); // a database away for a moment: the next look may see it again, and every wait ends in time
      const finished = new Set(rows.map((row) => row.id));
      for (const waiter of asked) if (finished.has(waiter.id)) waiter.resume();
    }
    polling = false;
  }

  return {
    finished: (company_id, id, ms, signal) =>
      new Promise<void>((resolve) => {
        if (released || signal.aborted) return resolve();
        const waiter: Waiter = {
          company_id,
          id,
          resume() {
            clearTimeout(timer);
            waiters.delete(waiter);
            signal.removeEventListener('abort', waiter.resume);
            resolve();
          },
        };
        const timer = setTimeout(waiter.resume, ms);
        waiters.add(waiter);
        signal.addEventListener('abort', waiter.resume);
        if (!polling) void poll();
      }),
    release() {
      released = true;
      for (const waiter of waiters) waiter.resume();
    },
  };
}
