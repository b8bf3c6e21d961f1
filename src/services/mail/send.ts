import { type Database, statement } from '../../db/client.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { Language } from '../../errors.ts';
import type { System } from '../../system.ts';
import { enqueue } from '../jobs/queue.ts';
import { type MailPayload, mailTask } from './enqueue.ts';
import { layOut } from './layout.ts';
import type { Letter, MailTemplate } from './template.ts';
import { TEMPLATES } from './templates.ts';
import { MailError } from './transport.ts';

interface MailRow {
  id: string;
  to_email: string;
  template: string;
  language: string;
  data: never;
  company: string;
  expired: boolean;
  /** Tried for days. */
  old: boolean;
}

const FIND = statement(
  'mail_find',
  `UPDATE mail m SET attempts = m.attempts + 1, tried_at = now() FROM company c
   WHERE m.company_id = $1 AND m.id = $2 AND m.status = 'pending' AND c.id = m.company_id
   RETURNING m.id, m.to_email, m.template, m.language, m.data, c.name AS company,
     m.expires_at <= now() AS expired, m.created_at < now() - interval '3 days' AS old`,
);
// What a mail said and to whom is nobody's business once it is over.
const FINISH = statement(
  'mail_finish',
  `UPDATE mail SET status = $3, error = $4, to_email = NULL, data = '{}', finished_at = now()
   WHERE company_id = $1 AND id = $2 AND status = 'pending'`,
);
const FAILED = statement('mail_failed', 'UPDATE mail SET error = $3 WHERE company_id = $1 AND id = $2');

/**
 * Sends a mail that is still to be sent. A worker that dies between sending and writing that down sends it again, with
 * the same Message-ID.
 * @throws MailError when it may succeed later
 */
export async function sendMail(system: System, { company_id, mail_id }: MailPayload): Promise<void> {
  const { db, log, mailer } = system;
  const [mail] = await db.query<MailRow>(FIND, [company_id, mail_id]);
  if (!mail) return;
  const end = (status: 'sent' | 'failed' | 'expired', error: string | null = null) =>
    db.query(FINISH, [company_id, mail_id, status, error]);
  if (mail.expired) {
    await end('expired');
    return;
  }
  try {
    const message = await messageOf(system, company_id, mail);
    if (message) await mailer.send(message);
    await end(message ? 'sent' : 'expired');
  } catch (error) {
    const reason = error instanceof MailError ? error.message : 'cannot be written';
    const lost = mail.old || (error instanceof MailError && error.permanent);
    log.warn({ mail_id, template: mail.template, reason, lost }, 'a mail did not go out');
    if (!lost) {
      await db.query(FAILED, [company_id, mail_id, reason]);
      throw error instanceof MailError ? error : new MailError(`${reason}: ${(error as Error).name}`, false);
    }
    await end('failed', reason);
  }
}

const LANGUAGES: readonly string[] = ['en', 'es', 'pt'] satisfies Language[];

async function messageOf(system: System, company_id: number, mail: MailRow) {
  const template: MailTemplate<never> | undefined = Object.hasOwn(TEMPLATES, mail.template)
    ? TEMPLATES[mail.template as keyof typeof TEMPLATES]
    : undefined;
  if (!template) throw new MailError(`no process here knows the template ${mail.template}`, false);
  const language = (LANGUAGES.includes(mail.language) ? mail.language : 'en') as Language;
  const letter: Letter<never> = { company_id, company: mail.company, language, data: mail.data };
  const content = await template.content(letter, system);
  if (!content) return undefined;
  const attachments = (await template.attachments?.(system, letter)) ?? [];
  return {
    ...{ id: mail.id, company: mail.company, to: mail.to_email, subject: content.subject, attachments },
    ...layOut(content, mail.company, language),
  };
}

// A worker that dies keeps its task locked for hours: a code would be worth nothing by then.
const STRAY = statement(
  'mail_stray',
  `SELECT m.company_id, m.id FROM mail m
   WHERE m.status = 'pending' AND m.tried_at < now() - make_interval(secs => $1)
     AND NOT EXISTS (SELECT FROM graphile_worker.jobs t
       WHERE t.key = 'mail:' || m.id AND t.attempts < t.max_attempts AND t.locked_at IS NULL)
   ORDER BY m.tried_at LIMIT 1000 FOR UPDATE OF m SKIP LOCKED`,
);

/**
 * Has every mail go on whose worker died.
 * @param quietSeconds since it was last tried: longer than a try can take
 */
export const recoverMails = (system: System, quietSeconds = 90): Promise<void> =>
  inTransaction(system.db, async (tx) => {
    const strays = await tx.query<{ company_id: number; id: string }>(STRAY, [quietSeconds]);
    await enqueue(tx, strays.map(mailTask));
  });

const PURGE = statement(
  'mail_purge',
  "DELETE FROM mail WHERE status <> 'pending' AND finished_at < now() - interval '90 days' RETURNING 1",
);

/** Forgets that mails were sent, after 90 days. */
export const purgeMails = async (db: Database): Promise<number> => (await db.query(PURGE)).length;
