import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import type { Database } from '../db/client.ts';
import { startEmbeddedPostgres } from '../db/embedded.ts';
import { applyMigrations } from '../db/migrate.ts';
import { migrateJobs } from '../jobs/worker.ts';
import { reasonOf, StartError } from './start-error.ts';

const CONNECT_MS = 10_000;
const WATCH_MS = 500;

/** The PostgreSQL server of this process: that of the settings, or the embedded one. */
export interface DatabaseServer {
  readonly url: string;
  /** Keeps the embedded server running, and the pool on it, until `stop`. */
  watch(db: Database, log: Logger): void;
  /** Lets go of the embedded server; the last to do so stops it. */
  stop(): Promise<void>;
}

/**
 * The server of DATABASE_URL or, without one, the embedded one in the data folder; migrated.
 * @throws StartError when it cannot be reached or started; MigrationError
 */
export async function openDatabaseServer(config: Config, folder: string): Promise<DatabaseServer> {
  const server = config.DATABASE_URL
    ? await given(config.DATABASE_URL)
    : await embedded(path.join(folder, 'postgres'));
  try {
    await applyMigrations(server.url);
    await migrateJobs(server.url);
    return server;
  } catch (error) {
    await server.stop();
    throw error instanceof pg.DatabaseError
      ? new StartError(`The database cannot be prepared: ${reasonOf(error)}`)
      : error;
  }
}

async function given(url: string): Promise<DatabaseServer> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS });
  try {
    await client.connect();
  } catch (error) {
    const { hostname, port, pathname } = new URL(url);
    throw new StartError(
      `Cannot use the database of DATABASE_URL (${hostname}:${port || 5432}${pathname}): ${reasonOf(error)}`,
    );
  } finally {
    await client.end().catch(() => {});
  }
  return { url, watch() {}, async stop() {} };
}

async function embedded(folder: string): Promise<DatabaseServer> {
  const start = () => startEmbeddedPostgres({ folder });
  let server = await start().catch((error: Error) => {
    throw new StartError(`The embedded PostgreSQL does not start: ${error.message}`);
  });
  let stopped = false;
  let watching: Promise<void> = Promise.resolve();

  /** Whoever notices that nothing listens any more starts the server again, or joins the one who did. */
  async function restart(db: Database, log: Logger): Promise<void> {
    log.warn('the embedded PostgreSQL is gone: starting it again');
    await server.stop();
    server = await start();
    db.pool.options.connectionString = server.url(); // its port is another one now
    log.warn('the embedded PostgreSQL is back');
  }

  return {
    get url() {
      return server.url();
    },
    watch(db, log) {
      const look = async () => {
        while (!stopped) {
          await sleep(WATCH_MS, undefined, { ref: false });
          if (stopped || (await listens(server.port))) continue;
          await restart(db, log).catch((err) => log.error({ err }, 'the embedded PostgreSQL does not start'));
        }
      };
      watching = look();
    },
    async stop() {
      stopped = true;
      await Promise.race([watching, sleep(WATCH_MS)]);
      await server.stop();
    },
  };
}

/** The system itself takes connections for a server that listens, however busy that is. */
function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket
      .once('connect', () => settle(true))
      .once('error', (error: NodeJS.ErrnoException) => settle(error.code !== 'ECONNREFUSED'));
  });
}
