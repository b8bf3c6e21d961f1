import { createHash, randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { migrationsFolder } from '../paths.ts';

// What `prisma migrate deploy` does, with nothing but pg: the same lock, table and checksums, so that both can be
// used on one database.
const PRISMA_LOCK = 72_707_369;
const LOCK_TIMEOUT_MS = 60_000;
const TABLE = `CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
  "id" VARCHAR(36) PRIMARY KEY NOT NULL, "checksum" VARCHAR(64) NOT NULL, "finished_at" TIMESTAMPTZ,
  "migration_name" VARCHAR(255) NOT NULL, "logs" TEXT, "rolled_back_at" TIMESTAMPTZ,
  "started_at" TIMESTAMPTZ NOT NULL DEFAULT now(), "applied_steps_count" INTEGER NOT NULL DEFAULT 0)`;
const RECORD = `INSERT INTO "_prisma_migrations"
  (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
  VALUES ($1, $2, $3, clock_timestamp(), clock_timestamp(), 1)`;

interface Migration {
  name: string;
  sql: string;
  checksum: string;
}

interface MigrationRecord {
  name: string;
  checksum: string;
  finished_at: Date | null;
  logs: string | null;
}

/** The migrations cannot be applied; the message names the one at fault. */
export class MigrationError extends Error {}

/**
 * Brings a database up to date. Any number of processes may do so at once: one works, the others wait for it.
 * Each migration is one transaction with its own record, so that a failed or killed run leaves nothing behind.
 * @param database a connection string, or pg's settings
 * @param folder where the migrations lie, one folder each with a migration.sql
 * @returns the names of the migrations that this call applied, in order
 * @throws MigrationError when an applied migration was edited since, or one fails
 */
export async function applyMigrations(
  database: string | pg.ClientConfig,
  folder: string = migrationsFolder,
): Promise<string[]> {
  const wanted = readMigrations(folder);
  const settings = typeof database === 'string' ? { connectionString: database } : database;
  const db = new pg.Client({ ...settings, application_name: 'migrate' });
  await db.connect();
  try {
    await db.query(`SET lock_timeout = ${LOCK_TIMEOUT_MS}`);
    await db.query('SELECT pg_advisory_lock($1)', [PRISMA_LOCK]); // freed with the connection, however that ends
    await db.query('SET lock_timeout = 0');
    await db.query(TABLE);
    const done = await recorded(db);
    refuseEdited(wanted, done);
    const pending = wanted.filter(({ name }) => !done.has(name));
    for (const migration of pending) await apply(db, migration);
    return pending.map(({ name }) => name);
  } finally {
    await db.end();
  }
}

function readMigrations(folder: string): Migration[] {
  return fs
    .readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()
    .map((name) => {
      const sql = fs.readFileSync(path.join(folder, name, 'migration.sql'), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    });
}

async function recorded(db: pg.Client): Promise<Map<string, MigrationRecord>> {
  const { rows } = await db.query<MigrationRecord>(
    `SELECT migration_name AS name, checksum, finished_at, logs
     FROM "_prisma_migrations" WHERE rolled_back_at IS NULL ORDER BY started_at`,
  );
  const failed = rows.find((row) => row.finished_at === null); // ours never leave one: this is the Prisma CLI's
  if (failed) {
    throw new MigrationError(
      `Migration ${failed.name} failed earlier and must be resolved first (prisma migrate resolve): ${failed.logs ?? ''}`,
    );
  }
  return new Map(rows.map((row) => [row.name, row]));
}

function refuseEdited(wanted: Migration[], done: Map<string, MigrationRecord>): void {
  const edited = wanted
    .filter(({ name, checksum }) => done.has(name) && done.get(name)?.checksum !== checksum)
    .map(({ name }) => name);
  if (edited.length > 0) {
    throw new MigrationError(
      `Edited after being applied: ${edited.join(', ')}. Restore the file, and put the change into a new migration.`,
    );
  }
}

async function apply(db: pg.Client, { name, sql, checksum }: Migration): Promise<void> {
  await db.query('BEGIN');
  try {
    await db.query(sql);
    await db.query(RECORD, [randomUUID(), checksum, name]);
    await db.query('COMMIT');
  } catch (error) {
    await db.query('ROLLBACK').catch(() => {}); // a lost connection has rolled back by itself
    throw new MigrationError(`Migration ${name} failed: ${explain(error)}`, { cause: error });
  }
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const position = error instanceof pg.DatabaseError ? error.position : undefined;
  return position ? `${error.message} (at character ${position})` : error.message;
}
