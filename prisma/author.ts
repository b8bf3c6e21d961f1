// Writes migrations and compares them with the schema, by Prisma's own engine as WebAssembly: no native download.
//   tsx prisma/author.ts create NAME    the next migration from the changes of the schema
//   tsx prisma/author.ts drift          exit status 1 and the SQL when migrations and schema differ
// DATABASE_URL: a server for the shadow database; without it a temporary one is started.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startEmbeddedPostgres } from '../src/db/embedded.ts';
import { inProject, migrationsFolder } from '../src/paths.ts';
import { createMigration, drift } from './author/engine.ts';

const folders = { schema: inProject('prisma', 'schema'), migrations: migrationsFolder };

async function withServer<T>(work: (url: string) => Promise<T>): Promise<T> {
  const given = process.env.DATABASE_URL;
  if (given) return work(given);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ticketing-author-'));
  const server = await startEmbeddedPostgres({ folder, profile: 'test' });
  try {
    return await work(server.url());
  } finally {
    await server.stop();
    for (const made of [folder, server.folder]) fs.rmSync(made, { recursive: true, force: true });
  }
}

const [command, name] = process.argv.slice(2);
if (command === 'create' && name) {
  const made = await withServer((url) => createMigration(url, name, folders));
  console.log(
    made ? `prisma/migrations/${made}/migration.sql` : 'Nothing to do: the migrations make this schema.',
  );
} else if (command === 'drift') {
  const sql = await withServer((url) => drift(url, folders));
  if (sql) {
    console.error(`The migrations do not make what the schema says. This SQL is missing:\n\n${sql}`);
    process.exitCode = 1;
  } else {
    console.log('The migrations make exactly what the schema says.');
  }
} else {
  console.error('Usage: tsx prisma/author.ts create NAME | drift');
  process.exitCode = 2;
}
