import { z } from 'zod';
import { at } from './common.ts';

export const Job = z
  .object({
    id: z.string(),
    kind: z.string(),
    status: z.enum(['queued', 'running', 'succeeded', 'failed']),
    progress: z.object({ done: z.int(), total: z.int() }),
    result: z
      .record(z.string(), z.unknown())
      .nullable()
      .describe('What the job made, under its resource root. Null until it has succeeded.'),
    error: z
      .looseObject({ code: z.string(), detail: z.string() })
      .nullable()
      .describe('Why the job failed: code and detail of the problem, and its facts.'),
    created_at: at,
    finished_at: at.nullable(),
  })
  .meta({ id: 'Job' });
export type Job = z.output<typeof Job>;

export const JobResult = z
  .record(z.string(), z.unknown())
  .describe('What the job made, under its resource root.');

/** `?wait=10` */
export const wait = z
  .string()
  .regex(/^\d{1,2}$/, 'must be a whole number of seconds, 0 to 30')
  .transform(Number)
  .pipe(z.int().max(30))
  .optional()
  .describe('Seconds to wait for the job to finish before answering: 0 to 30.');
