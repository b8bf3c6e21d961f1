import { monitorEventLoopDelay } from 'node:perf_hooks';
import pino from 'pino';
import { buildApp } from '../src/app.ts';
import { readConfig } from '../src/config.ts';
import { startSweeper } from '../src/services/carts/expire.ts';
import { createSystem } from '../src/system.ts';

// The server under test, as it runs in production, in a process of its own. Logs as production does, into nothing.
const config = readConfig({ RATE_LIMIT: '1000000', LOG_LEVEL: 'info', ...process.env });
const log = pino({ level: config.LOG_LEVEL }, pino.destination('/dev/null'));
const system = createSystem(config, log, config.DATABASE_URL as string);
const app = await buildApp(system);
await app.listen({ host: '127.0.0.1', port: 0 });
startSweeper(system);
const { port } = app.server.address() as { port: number };
const delays = monitorEventLoopDelay({ resolution: 1 });
delays.enable();
process.send?.({ port });
process.on('message', (ask) => {
  if (ask === 'memory') process.send?.({ rss: process.memoryUsage().rss });
  if (ask === 'delay') {
    process.send?.({ delay: delays.max / 1e6 }); // the longest since it was asked for last, milliseconds
    delays.reset();
  }
});
