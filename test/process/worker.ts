import { pino } from 'pino';
import { readConfig } from '../../src/config.ts';
import { startWorker } from '../../src/jobs/worker.ts';
import { createSystem } from '../../src/system.ts';

// The worker of a server in a process of its own, to be killed.
const system = createSystem(readConfig({}), pino({ level: 'silent' }), process.env.DATABASE_URL ?? '');
await startWorker(system);
