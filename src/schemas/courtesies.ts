import { z } from 'zod';
import { at, booleanParam, email, id, idParam, instant, text, uuidParam } from './common.ts';
import { oneOf } from './validations.ts';

export const COURTESY_STATUSES = ['requested', 'issued', 'rejected', 'expired', 'revoked'] as const;
export type CourtesyStatus = (typeof COURTESY_STATUSES)[number];

/** More than that is a job. */
export const AT_ONCE = 50;
const MOST = 10_000;

// ── requests ──

export const Guest = z.strictObject({
  first_name: text(100),
  last_name: text(100).optional(),
  email: email.optional().describe('Where the ticket is sent.'),
  document_number: text(50).optional(),
  seat_id: id.optional().describe('This very seat. Default: the best free one, or a place without a number.'),
});
export type Guest = z.output<typeof Guest>;

export const MODES = ['atomic', 'each'] as const;

export const IssueCourtesies = z
  .strictObject({
    event_id: id,
    ticket_type_id: id,
    section_id: id.optional().describe('Only there.'),
    guests: z.array(Guest).min(1).max(MOST).optional(),
    users: z.array(id).min(1).max(MOST).optional().describe('Users of the company, each of whom gets one.'),
    csv: text(2_000_000)
      .optional()
      .describe(
        'A table with a heading: first_name, and last_name, email, document_number, seat_id as far as known. ' +
          'Separated by commas, semicolons or tabs.',
      ),
    host: text(100)
      .optional()
      .describe('Who gives them: counts against the quota of the host, which must have one.'),
    approval: z.boolean().optional().describe('They wait for somebody to approve them, with any host.'),
    expires_at: instant.optional().describe('Unused at that time they end, and their places are free again.'),
    mode: z
      .enum(MODES)
      .optional()
      .describe('atomic (default): all or none. each: what cannot be given is listed, the rest is given.'),
    mail: z.boolean().optional().describe('Send each guest with an e-mail address the ticket. Default true.'),
    note: text(500).optional(),
  })
  .refine(...oneOf('guests', 'users', 'csv'));
export type IssueCourtesies = z.output<typeof IssueCourtesies>;

/** With a body of text/csv: what else there is to say. */
export const giveQuery = {
  event_id: idParam.optional(),
  ticket_type_id: idParam.optional(),
  section_id: idParam.optional(),
  host: text(100).optional(),
  approval: booleanParam.optional(),
  expires_at: instant.optional(),
  mode: z.enum(MODES).optional(),
  mail: booleanParam.optional(),
  note: text(500).optional(),
};

export const courtesiesQuery = {
  event_id: idParam.optional(),
  host: text(100).optional(),
  status: z.enum(COURTESY_STATUSES).optional(),
  job_id: uuidParam.optional(),
  user_id: idParam.optional(),
  q: text(200).optional().describe('Words to find in name and e-mail: every word must be found.'),
  no_show: booleanParam
    .optional()
    .describe('true: only those of events that are over whose guest never came.'),
};
export type CourtesyFilters = z.output<z.ZodObject<typeof courtesiesQuery>>;

export const Decision = z.strictObject({ reason: text(300).optional() }).optional();
export type Decision = z.output<typeof Decision>;

export const hostParams = { event_id: idParam, host: text(100) };

export const SetQuota = z.strictObject({
  quota: z.int().min(0).max(1_000_000).describe('How many courtesies the host may give for the event.'),
  approval: z
    .boolean()
    .optional()
    .describe('What the host gives waits for somebody to approve it. Default false.'),
});
export const NewHost = z.strictObject({
  host: text(100).describe('Its name, by which courtesies name it.'),
  ...SetQuota.shape,
});
export type NewHost = z.output<typeof NewHost>;
export type SetQuota = z.output<typeof SetQuota>;

// ── answers ──

const shape = {
  event_id: z.int(),
  interface_id: z.int(),
  ticket_type_id: z.int(),
  section_id: z.int().nullable(),
  seat: z.object({ id: z.int(), section: z.string(), row: z.string(), number: z.string() }).nullable(),
  host: z.string().nullable(),
  guest: z.object({
    first_name: z.string().nullable(),
    last_name: z.string().nullable(),
    email: z.string().nullable(),
    document_number: z.string().nullable(),
  }),
  user_id: z.int().nullable(),
  ticket_id: z.string().nullable(),
  admitted_at: at.nullable().describe('When the guest last came in.'),
  job_id: z.string().nullable(),
  note: z.string().nullable(),
  reason: z.string().nullable().describe('Why it was rejected or revoked.'),
  decided_at: at.nullable().describe('When it was approved, rejected, revoked or expired.'),
  expires_at: at.nullable(),
  created_at: at,
  updated_at: at,
};

export const Courtesy = z
  .object({ id: z.string(), status: z.enum(COURTESY_STATUSES), ...shape })
  .meta({ id: 'Courtesy' });

export const CourtesyRow = z
  .object({
    row: z.int().describe('Place of the guest in the request, from 1; line of a CSV without its heading.'),
    id: z.string().nullable(),
    status: z.enum([...COURTESY_STATUSES, 'refused']).describe('refused: not given, see problem.'),
    ...shape,
    problem: z
      .object({ code: z.string(), detail: z.string(), errors: z.array(z.unknown()).optional() })
      .nullable(),
  })
  .meta({ id: 'CourtesyResult' });

export const Host = z
  .object({
    event_id: z.int(),
    host: z.string(),
    quota: z.int(),
    used: z.int().describe('Asked for or given, less those that were rejected, expired or revoked.'),
    approval: z.boolean(),
    created_at: at,
    updated_at: at,
  })
  .meta({ id: 'Host' });

const counts = {
  ...{ requested: z.int(), issued: z.int(), rejected: z.int(), expired: z.int(), revoked: z.int() },
  admitted: z.int().describe('Of the issued: the guest came.'),
  no_shows: z.int().describe('Of the issued, once the event is over: the guest never came.'),
};

export const CourtesyReport = z
  .object({
    event_id: z.int(),
    over: z.boolean().describe('The event is over: who has not come will not come.'),
    ...counts,
    hosts: z.array(
      z.object({
        host: z.string().nullable().describe('Null: given by no host.'),
        quota: z.int().nullable(),
        ...counts,
      }),
    ),
  })
  .meta({ id: 'CourtesyReport' });
