import { z } from 'zod';

export const Health = z.object({ status: z.literal('ok') }).meta({ id: 'Health' });

export const problemCode = z.string().max(100).describe('Code of a problem, for instance `sold_out`.');
