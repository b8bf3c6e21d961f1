import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { simpleParser } from 'mailparser';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { inTransaction } from '../../../src/db/transaction.ts';
import { runJobs } from '../../../src/jobs/worker.ts';
import { enqueueMail, enqueueMails, type NewMail } from '../../../src/services/mail/enqueue.ts';
import { purgeMails, recoverMails, sendMail } from '../../../src/services/mail/send.ts';
import type { MailTemplate } from '../../../src/services/mail/template.ts';
import { TEMPLATES } from '../../../src/services/mail/templates.ts';
import { type TestApp, testApp } from '../../helpers/app.ts';
import { type MailServer, mailServer } from '../../helpers/mail-server.ts';
import { runAllJobs } from '../../helpers/payments.ts';

let server: MailServer;
let world: TestApp;
beforeAll(async () => {
  server = await mailServer();
  world = await testApp({ env: { SMTP_URL: server.url, MAIL_FROM: 'tickets@acme.example' } });
});
afterEach(async () => {
  await world.system.db.pool.query('TRUNCATE mail; TRUNCATE graphile_worker._private_jobs');
  server.received.length = 0;
});
afterAll(async () => {
  await world.close();
  await server.close();
});

const mail = (more: Partial<NewMail<'verify_email'>> = {}): NewMail<'verify_email'> => ({
  ...{ company_id: world.accounts.company_id, to: 'ann@mail.com', template: 'verify_email', language: 'en' },
  ...{ data: { first_name: 'Ann <b>&', code: 'ABCD-EFGH', minutes: 30 }, ...more },
});
const write = (...mails: NewMail<'verify_email'>[]) =>
  inTransaction(world.system.db, (tx) => enqueueMails(tx, mails));
const rows = async () =>
  (
    await world.system.db.pool.query(
      'SELECT to_email, data, status, attempts, error, finished_at FROM mail ORDER BY id',
    )
  ).rows;
const tasks = async () =>
  (await world.system.db.pool.query('SELECT last_error, attempts, run_at FROM graphile_worker.jobs')).rows;

describe('a mail', () => {
  it('goes out as plain text and HTML, and leaves neither address nor words behind', async () => {
    await write(mail());
    await runJobs(world.system);
    const [got] = server.received;
    expect(got?.from).toBe('tickets@acme.example');
    expect(got?.to).toEqual(['ann@mail.com']);
    expect(got?.mail.from?.value).toEqual([{ address: 'tickets@acme.example', name: 'acme' }]);
    expect(got?.mail.subject).toBe('ABCD-EFGH is your code for acme');
    expect(got?.mail.text).toContain('Hello Ann <b>&,');
    expect(got?.mail.text).toContain('    ABCD-EFGH');
    expect(got?.mail.html).toContain('Hello Ann &lt;b&gt;&amp;,');
    expect(got?.mail.headers.get('auto-submitted')).toBe('auto-generated');
    const sent = { to_email: null, data: {}, status: 'sent', attempts: 1, error: null };
    expect(await rows()).toEqual([{ ...sent, finished_at: expect.any(Date) }]);
    expect(await tasks()).toEqual([]);
  });

  it('is not sent when its transaction is rolled back', async () => {
    const failing = inTransaction(world.system.db, async (tx) => {
      await enqueueMail(tx, mail());
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    await runAllJobs(world.system);
    expect(server.received).toEqual([]);
  });

  it('speaks the language of its reader; English where there is none', async () => {
    for (const [i, language] of ['es', 'pt', 'fr'].entries())
      await write(mail({ to: `${i}@mail.com`, language }));
    await runJobs(world.system);
    const subject = (i: number) => server.to(`${i}@mail.com`)[0]?.subject;
    expect(subject(0)).toBe('ABCD-EFGH es su código para acme');
    expect(subject(1)).toBe('ABCD-EFGH é o seu código para acme');
    expect(subject(2)).toBe('ABCD-EFGH is your code for acme');
  });

  it('with a key is told once, however many write it at once', async () => {
    await Promise.all(Array.from({ length: 50 }, () => write(mail({ key: 'reminder 1' }))));
    await runJobs(world.system);
    await write(mail({ key: 'reminder 1' }), mail({ key: 'reminder 2' }));
    await runJobs(world.system);
    expect(server.received).toHaveLength(2);
  });

  it('has its files made when it is sent', async () => {
    const template = TEMPLATES.verify_email as MailTemplate<{ code: string }>;
    template.attachments = async (system, { company_id, data }) => [
      { filename: 'a.txt', contentType: 'text/plain', content: Buffer.from(`${data.code} ${company_id}`) },
      { filename: 'b.pdf', contentType: 'application/pdf', content: Buffer.from(typeof system.db) },
    ];
    try {
      await write(mail());
      await runJobs(world.system);
    } finally {
      delete template.attachments;
    }
    const [file, pdf] = server.received[0]?.mail.attachments ?? [];
    expect(file).toMatchObject({ filename: 'a.txt', contentType: 'text/plain' });
    expect(String(file?.content)).toBe(`ABCD-EFGH ${world.accounts.company_id}`);
    expect(pdf).toMatchObject({ filename: 'b.pdf', contentType: 'application/pdf' });
  });
});

describe('a mail server', () => {
  it('that has no time is asked again later; what it says of addresses is kept nowhere', async () => {
    server.refusals.push({ at: 'data', code: 451 }, { at: 'rcpt', code: 450 });
    await write(mail());
    await runJobs(world.system);
    expect(await rows()).toMatchObject([{ to_email: 'ann@mail.com', status: 'pending', attempts: 1 }]);
    const [task] = await tasks();
    expect(task).toMatchObject({ attempts: 1, last_error: expect.stringContaining('451') });
    expect(task.last_error).not.toContain('@mail.com');
    expect(task.run_at.getTime()).toBeGreaterThan(Date.now());
    await runAllJobs(world.system);
    await runAllJobs(world.system);
    expect(await rows()).toMatchObject([{ to_email: null, status: 'sent', attempts: 3 }]);
    expect(server.received).toHaveLength(1);
  });

  it.each(['rcpt', 'data'] as const)('that refuses for good (%s) is not asked again', async (at) => {
    server.refusals.push({ at, code: 550 });
    await write(mail());
    await runAllJobs(world.system);
    expect(await rows()).toMatchObject([{ to_email: null, data: {}, status: 'failed', attempts: 1 }]);
    expect((await rows())[0].error).toMatch(/^E(ENVELOPE|MESSAGE) 550$/);
    expect(await tasks()).toEqual([]);
  });

  it('that is away for three days has lost the mail', async () => {
    await write(mail());
    await world.system.db.pool.query("UPDATE mail SET created_at = now() - interval '73 hours'");
    server.refusals.push({ at: 'data', code: 451 });
    await runAllJobs(world.system);
    expect(await rows()).toMatchObject([{ to_email: null, status: 'failed', error: 'EMESSAGE 451' }]);
  });

  it('gets nothing that has run out', async () => {
    await write(mail({ minutes: 30 }));
    await world.system.db.pool.query("UPDATE mail SET expires_at = now() - interval '1 second'");
    await runAllJobs(world.system);
    expect(await rows()).toMatchObject([{ to_email: null, data: {}, status: 'expired' }]);
    expect(server.received).toEqual([]);
  });
});

describe('a worker', () => {
  it('that died is stood in for, and nothing sent goes out twice', async () => {
    await write(mail());
    const { pool } = world.system.db;
    // As it leaves things when it dies before it has sent.
    await pool.query(
      "UPDATE graphile_worker._private_jobs SET locked_at = now() - interval '2 minutes', locked_by = 'dead', attempts = 1",
    );
    await recoverMails(world.system);
    await runJobs(world.system).catch(() => undefined);
    expect(server.received).toEqual([]); // tried a moment ago: it may live
    await pool.query("UPDATE mail SET tried_at = now() - interval '2 minutes'");
    await recoverMails(world.system);
    await recoverMails(world.system);
    const { rows: waiting } = await pool.query(
      'SELECT payload FROM graphile_worker._private_jobs WHERE locked_at IS NULL',
    );
    expect(waiting).toHaveLength(1);
    await sendMail(world.system, waiting[0].payload);
    await sendMail(world.system, waiting[0].payload);
    expect(server.received).toHaveLength(1);
  });

  it('forgets after 90 days that a mail was sent', async () => {
    await write(mail(), mail());
    await runJobs(world.system);
    await world.system.db.pool.query(
      "UPDATE mail SET finished_at = now() - interval '91 days' WHERE id = (SELECT min(id::text)::uuid FROM mail)",
    );
    expect(await purgeMails(world.system.db)).toBe(1);
    expect(await rows()).toHaveLength(1);
  });
});

describe('without SMTP_URL', () => {
  it('mails land as files', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ticketing-mail-'));
    const plain = await testApp({ env: { DATA_DIR: folder } });
    try {
      const { company_id } = plain.accounts;
      await inTransaction(plain.system.db, (tx) =>
        enqueueMails(tx, [mail({ company_id }), mail({ company_id })]),
      );
      await runJobs(plain.system);
      const files = fs.readdirSync(path.join(folder, 'mail'));
      expect(files).toHaveLength(2);
      expect(files.every((name) => name.endsWith('.eml'))).toBe(true);
      const file = path.join(folder, 'mail', files[0] as string);
      const read = await simpleParser(fs.createReadStream(file));
      expect(read).toMatchObject({ subject: 'ABCD-EFGH is your code for acme' });
      expect(read.to).toMatchObject({ value: [{ address: 'ann@mail.com' }] });
    } finally {
      await plain.close();
      fs.rmSync(folder, { recursive: true });
    }
  });
});
