import pino from 'pino';
import { buildApp } from '../src/app.ts';
import { readConfig } from '../src/config.ts';
import { migrateJobs, startWorker } from '../src/jobs/worker.ts';
import { createSystem } from '../src/system.ts';

// A server that also works off jobs, and watches how much memory it takes at most.
const EVERY_MS = 20;
const config = readConfig({ RATE_LIMIT: '1000000', LOG_LEVEL: 'error', ...process.env });
const system = createSystem(config, pino({ level: 'error' }), config.DATABASE_URL as string);
await migrateJobs(system.db.pool);
const app = await buildApp(system);
await app.listen({ host: '127.0.0.1', port: 0 });
await startWorker(system);
let peak = 0;
setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss());
}, EVERY_MS);
const { port } = app.server.address() as { port: number };
process.send?.({ port });
process.on('message', (ask) => {
  if (ask === 'peak') process.send?.({ rss: peak });
});
