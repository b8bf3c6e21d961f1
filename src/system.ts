import type { Logger } from 'pino';
import type { Config } from './config.ts';
import { type Database, openDatabase } from './db/client.ts';

declare module 'fastify' {
  interface FastifyInstance {
    system: System;
  }
}

/** What the whole process shares: settings, the database and what services remember between requests. */
export interface System {
  readonly config: Config;
  /** Where clients reach this server, without a trailing slash. Known once it listens. */
  publicUrl: string;
  readonly db: Database;
  readonly log: Logger;
  close(): Promise<void>;
}

/** Opens the database and makes the shared parts. `url` wins over the settings' own (the embedded server's, say). */
export function createSystem(config: Config, log: Logger, url: string): System {
  const db = openDatabase({
    url,
    poolSize: config.DATABASE_POOL,
    onError: (err) => log.warn({ err }, 'an idle database connection broke'),
  });
  return {
    config,
    publicUrl: config.PUBLIC_URL?.replace(/\/+$/, '') ?? `http://${config.HOST}:${config.PORT}`,
    db,
    log,
    close: () => db.close(),
  };
}
