import { z } from 'zod';
import { at, idParam, instant } from './common.ts';

const word = z.string().trim().min(1).max(100);

export const auditQuery = {
  action: word.optional().describe('What was done, such as client.update.'),
  subject_type: word.optional().describe('To what kind of thing, such as client.'),
  subject_id: word.optional(),
  client_id: word.optional().describe('By which client.'),
  user_id: idParam.optional().describe('By which user.'),
  request_id: z.string().min(1).max(128).optional(),
  from: instant.optional().describe('From this moment on.'),
  to: instant.optional().describe('Before this moment.'),
};

const state = z.record(z.string(), z.unknown()).nullable();

export const AuditLog = z
  .object({
    id: z.string(),
    action: z.string(),
    subject_type: z.string(),
    subject_id: z.string(),
    before: state.describe('The thing as it was; null for what did not exist.'),
    after: state.describe('The thing as it became; null for what does not exist any more.'),
    client_id: z.string(),
    user_id: z.int().nullable(),
    interface_id: z.int().nullable(),
    request_id: z.string(),
    created_at: at,
  })
  .meta({ id: 'AuditLog' });
