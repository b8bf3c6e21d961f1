import path from 'node:path';
import type { FastifyInstance } from 'fastify';
import { type Demo, type Seeded, seed } from '../../prisma/seed/index.ts';
import { withSeedLock } from '../../prisma/seed/lock.ts';
import { buildApp } from '../app.ts';
import type { Config } from '../config.ts';
import { startCounting } from '../db/growth.ts';
import { startWorker } from '../jobs/worker.ts';
import { createLogger } from '../log.ts';
import { startSweeper } from '../services/carts/expire.ts';
import { startCourier } from '../services/webhooks/courier.ts';
import { createSystem, type System } from '../system.ts';
import { banner } from './banner.ts';
import { openDatabaseServer } from './database.ts';
import { makeDemoSales } from './demo-sales.ts';
import { demoValues } from './demo-values.ts';
import { environmentFile, writeEnvironment } from './environment.ts';
import { listen } from './listen.ts';

/** A server that listens. */
export interface Running {
  readonly system: System;
  /** What its operator reads. */
  readonly banner: string;
  /** Answers what is under way, then ends everything, the database server last. */
  close(): Promise<void>;
}

/**
 * Database, application, seed, worker, socket: in this order, and closed in the opposite one.
 * @throws StartError, MigrationError for what its operator can mend; nothing is left running then
 */
export async function start(config: Config): Promise<Running> {
  const log = createLogger(config);
  const folder = path.resolve(config.DATA_DIR);
  const closers: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const step of closers.splice(0).reverse()) await step();
  };
  try {
    const server = await openDatabaseServer(config, folder);
    closers.push(() => server.stop());
    const system = createSystem(config, log, server.url);
    closers.push(() => system.close());
    server.watch(system.db, log);
    const app = await buildApp(system);
    closers.push(() => app.close());
    const { demo, notices } = await withSeedLock(server.url, () => fill(app, folder));
    if (config.WORKER) {
      const sweeper = startSweeper(system);
      closers.push(() => sweeper.stop());
      const counting = startCounting(system.db, log);
      closers.push(() => counting.stop());
      const courier = startCourier(system);
      closers.push(() => courier.stop());
      const worker = await startWorker(system);
      closers.push(() => worker.stop());
    }
    await listen(app, config);
    if (demo)
      await attempt(notices, 'The environment file is not written', () => describe(app, demo, folder));
    const shown = demo && { secrets: demo.secrets, environmentFile: environmentFile(folder) };
    return { system, banner: banner({ url: system.publicUrl, notices, demo: shown }), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What two starts at the same time must not do twice. */
async function fill(app: FastifyInstance, folder: string): Promise<Seeded> {
  const { db, config } = app.system;
  const seeded = await seed(db, config, folder);
  const { demo, notices } = seeded;
  if (demo) await attempt(notices, 'The demo sales are not complete', () => makeDemoSales(app, demo));
  return seeded;
}

const describe = async (app: FastifyInstance, demo: Demo, folder: string): Promise<void> =>
  writeEnvironment(folder, await demoValues(app, demo));

/** What the demo company has become in its users' hands must not keep the server from starting. */
async function attempt(notices: string[], failure: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    notices.push(`${failure}: ${(error as Error).message}`);
  }
}
