import type { Language } from '../../errors.ts';
import type { System } from '../../system.ts';

/** A piece of a mail: a paragraph, a code to type, a link to follow, or facts in rows. */
export type Part = string | { code: string } | { link: string; label: string } | { rows: [string, string][] };

/** What a mail says, before it becomes plain text and HTML. */
export interface Content {
  subject: string;
  parts: Part[];
}

export interface Attachment {
  filename: string;
  contentType: string;
  content: Buffer;
}

/** What is known of a mail when its content is made. `Data` is plain JSON: it waits in the database. */
export interface Letter<Data> {
  company_id: number;
  /** The organiser's name. */
  company: string;
  language: Language;
  data: Data;
}

/** A kind of mail. */
export interface MailTemplate<Data> {
  /** Undefined when there is nothing left to tell by now: no mail goes out then. */
  content(letter: Letter<Data>, system: System): Content | Promise<Content | undefined>;
  /** Files that go with it. They are made when it is sent: only what names them waits in the database. */
  attachments?(system: System, letter: Letter<Data>): Promise<Attachment[]>;
}
