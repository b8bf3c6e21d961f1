import { z } from 'zod';
import { at, text } from './common.ts';

export const ConsentCreate = z
  .strictObject({
    purpose: z
      .string()
      .regex(/^[a-z][a-z0-9_]{0,59}$/, 'must be lower case letters, digits and _')
      .describe('terms, newsletter, profiling …'),
    text_version: text(100).describe('Which text the person was shown.'),
    granted: z.boolean().describe('false takes an earlier consent back.'),
  })
  .meta({ id: 'ConsentCreate' });
export type ConsentCreate = z.output<typeof ConsentCreate>;

export const Consent = z
  .object({
    id: z.string(),
    purpose: z.string(),
    text_version: z.string(),
    granted: z.boolean(),
    created_at: at,
  })
  .meta({ id: 'Consent' });
export type Consent = z.output<typeof Consent>;
