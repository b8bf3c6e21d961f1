import path from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { readConfig } from '../config.ts';
import { openDatabase, statement } from '../db/client.ts';
import { rotateSigningKey } from '../services/oauth/signing-keys.ts';
import { TicketKeyring } from '../services/tickets/keyring.ts';
import { openDatabaseServer } from '../start/database.ts';
import { explain, StartError } from '../start/start-error.ts';

const USAGE = `npm run keys:rotate -- --access-tokens
npm run keys:rotate -- --tickets --company 1`;

const Options = z
  .object({
    'access-tokens': z.boolean().default(false),
    tickets: z.boolean().default(false),
    company: z
      .string()
      .regex(/^[1-9]\d{0,8}$/, 'takes the number of a company')
      .transform(Number)
      .optional(),
  })
  .refine((options) => options['access-tokens'] !== options.tickets, 'Name one kind of key')
  .refine(
    (options) => options.tickets === (options.company !== undefined),
    'Ticket keys are those of a company',
  );

const COMPANY = statement('rotate_company', 'SELECT name FROM company WHERE id = $1');

function readOptions(): z.output<typeof Options> {
  const flag = { type: 'boolean' } as const;
  try {
    const { values } = parseArgs({
      options: { 'access-tokens': flag, tickets: flag, company: { type: 'string' } },
    });
    return Options.parse({ ...values });
  } catch (error) {
    const faults =
      error instanceof z.ZodError
        ? error.issues.map(({ message }) => message).join('; ')
        : (error as Error).message;
    throw new StartError(`${faults}\n${USAGE}`);
  }
}

/** Makes a new key that signs from now on; what earlier ones signed stays good. Servers that run follow by themselves. */
async function rotate(): Promise<string> {
  const { company } = readOptions();
  const config = readConfig();
  const server = await openDatabaseServer(config, path.resolve(config.DATA_DIR));
  const db = openDatabase({ url: server.url, poolSize: 2, onError: () => {} });
  try {
    if (company === undefined)
      return `New key for access tokens: ${await rotateSigningKey(db)}. It signs in 5 seconds; the old one verifies for 25 hours.`;
    const [known] = await db.query<{ name: string }>(COMPANY, [company]);
    if (!known) throw new StartError(`There is no company ${company}`);
    const number = await new TicketKeyring(db).rotate(company);
    return `New key for the tickets of ${known.name}: ${number}. It signs in a minute at most; tickets of older keys stay good.`;
  } finally {
    await db.close();
    await server.stop();
  }
}

try {
  process.stdout.write(`${await rotate()}\n`);
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = 1;
}
