import { pino } from 'pino';
import { readConfig } from '../../src/config.ts';
import { workOffDue } from '../../src/services/subscriptions/renewals.ts';
import { createSystem } from '../../src/system.ts';

// The worker at one moment of the clock, in a process of its own, to be killed.
const system = createSystem(readConfig({}), pino({ level: 'silent' }), process.env.DATABASE_URL ?? '');
await system.db.pool.query('SELECT 1');
process.stdout.write('ready\n');
await workOffDue(system, new Date(process.env.NOW ?? ''));
process.stdout.write('done\n');
await system.close();
