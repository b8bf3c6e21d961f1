import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import type { Language } from '../../errors.ts';
import { uuidv7 } from '../../uuid.ts';
import { enqueue, type Task } from '../jobs/queue.ts';
import type { DataOf, TemplateName } from './templates.ts';

export const SEND_MAIL_TASK = 'send_mail';

/** Which mail, for the worker: nothing of what it says. */
export interface MailPayload {
  company_id: number;
  mail_id: string;
}

/** A mail to somebody. */
export interface NewMail<Name extends TemplateName> {
  company_id: number;
  /** Null: the address of the account, and no mail without one. */
  to: string | null;
  template: Name;
  language: Language | (string & {});
  /** Plain JSON, as the template wants it. */
  data: DataOf<Name>;
  /** Whose account it is about, if it is about one. */
  user_id?: number | null | undefined;
  /** Of what must be told once (a reminder): a second mail of the company with this key is not written. */
  key?: string | undefined;
  /** Minutes after which it is not worth sending any more: a code that has run out, say. */
  minutes?: number | undefined;
}

const INSERT = statement(
  'mail_insert',
  `INSERT INTO mail (company_id, id, user_id, to_email, template, language, data, key, expires_at, status)
   SELECT r.company_id, r.id, r.user_id, r.address, r.template, r.language, r.data, r.key,
     now() + make_interval(mins => r.minutes), $10
   FROM (SELECT m.*, coalesce(m.to_email, (SELECT u.email FROM user_account u
           WHERE u.company_id = m.company_id AND u.id = m.user_id AND u.active)) AS address
         FROM unnest($1::int[], $2::uuid[], $3::int[], $4::text[], $5::text[], $6::text[], $7::jsonb[], $8::text[], $9::int[])
           AS m (company_id, id, user_id, to_email, template, language, data, key, minutes)) AS r
   WHERE r.address IS NOT NULL
   ON CONFLICT (company_id, key) DO NOTHING
   RETURNING company_id, id`,
);

/** Writes a mail in the transaction of what it follows from: it is sent if and only if that commits. */
export const enqueueMail = <Name extends TemplateName>(tx: Tx, mail: NewMail<Name>): Promise<void> =>
  enqueueMails(tx, [mail]);

/** Several at once. */
export async function enqueueMails<Name extends TemplateName>(
  tx: Tx,
  mails: readonly NewMail<Name>[],
): Promise<void> {
  if (mails.length) await enqueue(tx, (await insert(tx, mails, 'pending')).map(mailTask));
}

/**
 * Several at once from a hot path: one statement, and no word to the worker, whose notifications would make commits wait
 * for each other. It is handed over within a second (mail/hand-over.ts).
 */
export async function leaveMails<Name extends TemplateName>(
  tx: Tx,
  mails: readonly NewMail<Name>[],
): Promise<void> {
  if (mails.length) await insert(tx, mails, 'left');
}

const insert = <Name extends TemplateName>(
  tx: Tx,
  mails: readonly NewMail<Name>[],
  status: 'pending' | 'left',
): Promise<{ company_id: number; id: string }[]> =>
  tx.query(INSERT, [
    mails.map((m) => m.company_id),
    mails.map(() => uuidv7()),
    mails.map((m) => m.user_id ?? null),
    mails.map((m) => m.to),
    mails.map((m) => m.template),
    mails.map((m) => m.language),
    mails.map((m) => JSON.stringify(m.data)),
    mails.map((m) => m.key ?? null),
    mails.map((m) => m.minutes ?? null),
    status,
  ]);

/** Two lanes: a mail server that hangs never keeps the worker from payments. */
const LANES = 2;

/** The worker's task of a mail. */
export const mailTask = ({ company_id, id }: { company_id: number; id: string }): Task => ({
  name: SEND_MAIL_TASK,
  payload: { company_id, mail_id: id } satisfies MailPayload,
  key: `mail:${id}`,
  queue: `mail:${Number.parseInt(id.slice(-2), 16) % LANES}`,
});
