import type { MailPayload } from '../services/mail/enqueue.ts';
import { sendMail } from '../services/mail/send.ts';
import type { JobTask } from './task.ts';

/** Sends a mail. */
export const sendOneMail: JobTask = (system) => (payload) => sendMail(system, payload as MailPayload);
