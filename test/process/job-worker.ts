import pino from 'pino';
import { readConfig } from '../../src/config.ts';
import { startWorker } from '../../src/jobs/worker.ts';
import { createSystem } from '../../src/system.ts';

// A process that works off the jobs of a database, until it is killed.
const config = readConfig({ ...process.env, LOG_LEVEL: 'silent' });
await startWorker(createSystem(config, pino({ level: 'silent' }), process.env.DATABASE_URL as string));
