import { afterAll, beforeAll, expect, it } from 'vitest';
import { migrateJobs, runJobs } from '../../src/jobs/worker.ts';
import { recoverSteps } from '../../src/services/jobs/steps.ts';
import { runChecks } from '../../src/services/verify/run.ts';
import { type DoorWorld, doorWorld } from '../helpers/ticket-factories.ts';
import { run, SLOW, stop } from './server-process.ts';

let world: DoorWorld;
beforeAll(async () => {
  world = await doorWorld();
  await migrateJobs(world.system.db.pool);
});
afterAll(() => world.close());

const GUESTS = 2_000;
const PLACES = 1_600;

it(
  'a job that gives courtesies outlives kill -9 of its worker: every guest is served once, and never beyond the stock',
  async () => {
    const { event_id, floor, standing } = world.tonight;
    await world.sql('UPDATE event_section SET capacity = $1 WHERE section_id = $2', PLACES, floor);
    const csv = ['first_name', ...Array.from({ length: GUESTS }, (_, i) => `Guest ${i}`)].join('\n');
    const body = { event_id, ticket_type_id: standing, csv, mode: 'each' };
    const { status, body: answer } = await world.call('/courtesies', { body });
    expect([status, answer.job.progress]).toEqual([202, { done: 0, total: GUESTS }]);
    const job = async () => (await world.call(`/jobs/${answer.job.id}`)).body.job;
    const url = world.system.db.pool.options.connectionString as string;
    for (let kills = 0; kills < 2; kills++) {
      const before = (await job()).progress.done;
      const worker = run('test/process/job-worker.ts', { DATABASE_URL: url });
      await expect
        .poll(async () => (await job()).progress.done, { timeout: 60_000, interval: 5 })
        .toBeGreaterThan(before);
      await stop(worker, 'SIGKILL');
      // The dead process's last transaction may still be at its end in the server.
      await expect
        .poll(async () => {
          await recoverSteps(world.system, 0);
          const waiting = await world.sql('SELECT id FROM graphile_worker.jobs WHERE locked_at IS NULL');
          return waiting.length || (await job()).finished_at;
        })
        .toBeTruthy();
    }
    await runJobs(world.system);
    const { status: ended, result } = await job();
    expect([ended, result.courtesies]).toMatchObject([
      'succeeded',
      { job_id: answer.job.id, issued: PLACES, requested: 0, refused: GUESTS - PLACES },
    ]);
    const [given] = await world.sql(
      `SELECT count(*)::int AS courtesies, count(DISTINCT first_name)::int AS guests,
         (SELECT count(*)::int FROM ticket WHERE courtesy_id IS NOT NULL AND status = 'valid') AS tickets
       FROM courtesy WHERE job_id = $1`,
      answer.job.id,
    );
    expect(given).toEqual({ courtesies: PLACES, guests: PLACES, tickets: PLACES });
    const client = await world.system.db.pool.connect();
    const { findings } = await runChecks(client).finally(() => client.release());
    const ours = findings.filter(({ name }) => /courtesy|section/.test(name));
    expect(ours.filter(({ breaches }) => breaches)).toEqual([]);
  },
  SLOW,
);
