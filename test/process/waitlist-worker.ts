import { pino } from 'pino';
import { readConfig } from '../../src/config.ts';
import { startWaitlists } from '../../src/services/waitlist/round.ts';
import { createSystem } from '../../src/system.ts';

// The rounds of the waiting lists in a process of their own, to be killed.
const system = createSystem(readConfig({}), pino({ level: 'silent' }), process.env.DATABASE_URL ?? '');
startWaitlists(system);
