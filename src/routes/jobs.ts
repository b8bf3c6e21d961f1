import type { FastifyInstance } from 'fastify';
import { bare, one } from '../routing/answers.ts';
import { route } from '../routing/route.ts';
import { uuidParam } from '../schemas/common.ts';
import { Job, JobResult, wait } from '../schemas/jobs.ts';
import { getJob, getJobResult } from '../services/jobs/read.ts';

/** Work that outlives its request: what a 202 points at. */
export async function jobRoutes(app: FastifyInstance): Promise<void> {
  app.addHook('preClose', async () => app.system.jobWaits.release()); // nobody's long poll holds up a shutdown

  route(
    app,
    'GET',
    '/jobs/:job_id',
    {
      operation: 'getJob',
      summary: 'Read a job, waiting for it to finish if asked to',
      tag: 'Jobs',
      scopes: ['buy', 'sell', 'admin'],
      params: { job_id: uuidParam },
      query: { wait },
      answer: one('job', Job),
      problems: ['not_found'],
    },
    ({ ctx, params, query }) => getJob(ctx, params.job_id, query.wait),
  );

  route(
    app,
    'GET',
    '/jobs/:job_id/result',
    {
      operation: 'getJobResult',
      summary: 'Read what a finished job made',
      description: 'The result under its resource root; for a job that failed, the problem that ended it.',
      tag: 'Jobs',
      scopes: ['buy', 'sell', 'admin'],
      params: { job_id: uuidParam },
      answer: bare(JobResult),
      problems: ['not_found', 'conflict', 'payment_declined', 'cart_expired'],
    },
    ({ ctx, params }) => getJobResult(ctx, params.job_id),
  );
}
