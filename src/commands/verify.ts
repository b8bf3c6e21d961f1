import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { type Config, readConfig } from '../config.ts';
import { startEmbeddedPostgres } from '../db/embedded.ts';
import { reportOf } from '../services/verify/report.ts';
import { verifyDatabase } from '../services/verify/run.ts';
import { explain, reasonOf, StartError } from '../start/start-error.ts';

const USAGE = `Usage: npm run verify [-- --json]
Checks every invariant in the database of DATABASE_URL, or in the embedded one of DATA_DIR, while sales go on.
Ends with 0 when all is well, 1 when a check found a breach, 2 when it could not check.
`;

const CONNECT_MS = 10_000;
const UNDEFINED_TABLE = '42P01';

interface Server {
  url: string;
  leave(): Promise<void>;
}

/** @throws StartError when there is no database to check */
async function openServer({ DATABASE_URL, DATA_DIR }: Config): Promise<Server> {
  if (DATABASE_URL) return { url: DATABASE_URL, leave: async () => {} };
  const folder = path.join(path.resolve(DATA_DIR), 'postgres');
  if (!fs.existsSync(folder))
    throw new StartError(
      `There is no database in ${DATA_DIR} yet: start the server once, or set DATABASE_URL`,
    );
  const server = await startEmbeddedPostgres({ folder });
  return { url: server.url(), leave: () => server.stop() };
}

/** @throws StartError when the database cannot be reached or is none of ours */
async function verify(url: string) {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_MS,
    application_name: 'verify',
    options: '-c jit=off -c timezone=UTC',
  });
  await client.connect().catch((error: unknown) => {
    throw new StartError(`Cannot use the database: ${reasonOf(error)}`);
  });
  try {
    return await verifyDatabase(client);
  } catch (error) {
    if ((error as { code?: string }).code !== UNDEFINED_TABLE) throw error;
    throw new StartError(`The database is not migrated: ${reasonOf(error)}`);
  } finally {
    await client.end();
  }
}

/** @returns the exit code */
async function main(): Promise<number> {
  const { values } = parseArgs({ options: { json: { type: 'boolean' }, help: { type: 'boolean' } } });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const server = await openServer(readConfig());
  try {
    const verification = await verify(server.url);
    process.stdout.write(values.json ? `${JSON.stringify(verification, null, 2)}\n` : reportOf(verification));
    return verification.ok ? 0 : 1;
  } finally {
    await server.leave();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  const wrongUse = (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
  process.stderr.write(wrongUse ? USAGE : `${explain(error)}\n`);
  process.exitCode = 2;
}
