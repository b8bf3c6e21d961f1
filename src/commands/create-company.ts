import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { insertCompany } from '../../prisma/seed/company.ts';
import { withSeedLock } from '../../prisma/seed/lock.ts';
import { currencies, timeZones } from '../../prisma/seed/reference.ts';
import { writeReference } from '../../prisma/seed/write-reference.ts';
import { readConfig } from '../config.ts';
import { openDatabase } from '../db/client.ts';
import { inTransaction } from '../db/transaction.ts';
import { createClientSecret } from '../services/oauth/client-auth.ts';
import { openDatabaseServer } from '../start/database.ts';
import { explain, StartError } from '../start/start-error.ts';

const USAGE = `npm run company:create -- --name "Real Tickets" --currency EUR --time-zone Europe/Madrid
  [--interface Web] [--language en]`;

const Options = z.object({
  name: z.string().trim().min(1).max(200),
  currency: z.enum(currencies().map(({ code }) => code) as [string, ...string[]], 'is no code of ISO 4217'),
  'time-zone': z.enum(timeZones() as [string, ...string[]], 'is no IANA time zone'),
  interface: z.string().trim().min(1).max(100).default('Web'),
  language: z.enum(['en', 'es', 'pt']).default('en'),
});

function readOptions(): z.output<typeof Options> {
  const text = { type: 'string' } as const;
  try {
    const { values } = parseArgs({
      options: { name: text, currency: text, 'time-zone': text, interface: text, language: text },
    });
    return Options.parse({ ...values });
  } catch (error) {
    const faults =
      error instanceof z.ZodError
        ? error.issues.map((issue) => `--${issue.path.join('.')} ${issue.message}`).join('; ')
        : (error as Error).message;
    throw new StartError(`${faults}\n${USAGE}`);
  }
}

/** A company with one interface, and a client for its back office whose secret is told once. */
async function createCompany(): Promise<string[]> {
  const { name, currency, 'time-zone': time_zone, interface: channel, language } = readOptions();
  const config = readConfig();
  const server = await openDatabaseServer(config, path.resolve(config.DATA_DIR));
  const db = openDatabase({ url: server.url, poolSize: 2, onError: () => {} });
  const client = { id: `back-office-${randomBytes(6).toString('hex')}`, secret: createClientSecret() };
  try {
    const { company_id, interface_ids } = await withSeedLock(server.url, () =>
      inTransaction(db, async (tx) => {
        await writeReference(tx);
        return insertCompany(tx, {
          name,
          interfaces: [{ name: channel, kind: 'web', currency, time_zone, language }],
          clients: [
            { ...client, name: 'Back office', scopes: ['public', 'buy', 'sell', 'admin'], interfaces: [0] },
          ],
        });
      }),
    );
    return [
      `Company ${company_id}: ${name}`,
      `Interface ${interface_ids}: ${channel}`,
      `client_id      ${client.id}`,
      `client_secret  ${client.secret}   (kept nowhere: write it down)`,
    ];
  } finally {
    await db.close();
    await server.stop();
  }
}

try {
  process.stdout.write(`${(await createCompany()).join('\n')}\n`);
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = 1;
}
