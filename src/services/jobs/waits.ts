import { type Database, statement } from '../../db/client.ts';
import { Waits } from '../waits.ts';

/** Those who wait for a job to finish (`?wait`). */
export type JobWaits = Waits<{ company_id: number; id: string }>;

const FINISHED = statement(
  'job_finished',
  `SELECT j.id FROM job j JOIN unnest($1::int[], $2::uuid[]) AS r (company_id, id)
     ON j.company_id = r.company_id AND j.id = r.id
   WHERE j.company_id = ANY($1) AND j.id = ANY($2) AND j.finished_at IS NOT NULL`,
);

export const openJobWaits = (db: Database): JobWaits =>
  new Waits(async (jobs) => {
    const rows = await db.query<{ id: string }>(FINISHED, [
      jobs.map(({ company_id }) => company_id),
      jobs.map(({ id }) => id),
    ]);
    const finished = new Set(rows.map(({ id }) => id));
    return ({ id }) => finished.has(id);
  });
