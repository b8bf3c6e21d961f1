import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createTransport } from 'nodemailer';
import type { Logger } from 'pino';
import type { Config } from '../../config.ts';
import type { Attachment } from './template.ts';

/** A mail as it goes out. */
export interface Message {
  /** Names the mail in its Message-ID: a mail that goes out twice after a crash is known as one. */
  id: string;
  company: string;
  to: string;
  subject: string;
  text: string;
  html: string;
  attachments: Attachment[];
}

/** What takes mails to their readers. */
export interface Mailer {
  /** @throws MailError */
  send(message: Message): Promise<void>;
  close(): void;
}

/** A mail did not go out. The message says why without a word of the mail or its address. */
export class MailError extends Error {
  /** Trying again will not help: the server does not want this mail, ever. */
  readonly permanent: boolean;

  constructor(reason: string, permanent: boolean) {
    super(reason);
    this.permanent = permanent;
  }
}

const TIMEOUTS = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 30_000 };

/** The SMTP server of SMTP_URL; without it, files in the folder `mail` of DATA_DIR. */
export const createMailer = (config: Config, log: Logger): Mailer =>
  config.SMTP_URL ? smtp(config.SMTP_URL, config.MAIL_FROM) : files(config, log);

function smtp(url: string, from: string): Mailer {
  const transport = createTransport({ url, pool: true, maxConnections: 2, ...TIMEOUTS });
  return {
    async send(message) {
      await transport.sendMail(envelope(message, from)).catch((error: unknown) => {
        throw mailError(error);
      });
    },
    close: () => transport.close(),
  };
}

function files(config: Config, log: Logger): Mailer {
  const transport = createTransport({ streamTransport: true, buffer: true });
  const folder = path.resolve(config.DATA_DIR, 'mail');
  let told = false;
  return {
    async send(message) {
      if (!told) log.warn({ folder }, 'SMTP_URL is not set: mails are not sent but written into files');
      told = true;
      const { message: bytes } = await transport.sendMail(envelope(message, config.MAIL_FROM));
      const file = path.join(folder, `${message.id}.eml`);
      await mkdir(folder, { recursive: true });
      await writeFile(`${file}.part`, bytes as Buffer, { mode: 0o600 });
      await rename(`${file}.part`, file); // whoever looks finds whole mails only
      log.info({ file }, 'a mail was written');
    },
    close() {},
  };
}

function envelope(message: Message, from: string) {
  const { id, company, ...content } = message;
  const named = /</.test(from) ? from : { name: company, address: from };
  const domain = /@([^\s>]+)/.exec(from)?.[1] ?? 'localhost';
  // Automatic: no out-of-office answers, please (RFC 3834).
  return {
    ...content,
    from: named,
    messageId: `<${id}@${domain}>`,
    headers: { 'Auto-Submitted': 'auto-generated' },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** A server's own words repeat the address: only its numbers and our library's code are kept. */
function mailError(error: unknown): MailError {
  const { code = 'EUNKNOWN', responseCode } = error as { code?: string; responseCode?: number };
  // Sender, address or content; without a number, our own library finds nothing to send to.
  const ofThisMail = code === 'EENVELOPE' || code === 'EMESSAGE';
  const permanent = ofThisMail && (responseCode ?? 500) >= 500;
  return new MailError(`${code}${responseCode === undefined ? '' : ` ${responseCode}`}`, permanent);
}
