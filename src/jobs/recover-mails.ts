import { recoverMails } from '../services/mail/send.ts';
import type { JobTask } from './task.ts';

/** Every minute: mails whose task died with its worker go on. */
export const recoverLostMails: JobTask = (system) => () => recoverMails(system);
