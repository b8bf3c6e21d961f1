import { z } from 'zod';
import { BulkResult } from '../schemas/bulk.ts';
import { allGood } from '../services/bulk.ts';
import { one } from './answers.ts';

/** How a bulk request is answered: 201 when every row went through. */
export const results = (root: string, schema: z.ZodType) =>
  one('results', z.array(BulkResult(root, schema)), {
    status: { possible: [201, 200], of: (rows) => (allGood(rows) ? 201 : 200) },
  });

/** What the description of a bulk route says. */
export const BULK =
  'mode `atomic` (the default): all rows or none, 422 or 409 with every fault. mode `each`: 201 when all rows went ' +
  'through, else 200; each result tells what became of its row.';
