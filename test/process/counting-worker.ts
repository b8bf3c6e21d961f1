import { run } from 'graphile-worker';
import { pino } from 'pino';
import { readConfig } from '../../src/config.ts';
import { stepsTask } from '../../src/jobs/run-steps.ts';
import { STEPS_TASK } from '../../src/services/jobs/steps.ts';
import { createSystem } from '../../src/system.ts';
import { counting } from '../helpers/counting-steps.ts';

// A worker in a process of its own, to be killed: it counts until it is.
const system = createSystem(readConfig({}), pino({ level: 'silent' }), process.env.DATABASE_URL ?? '');
await run({ pgPool: system.db.pool, taskList: { [STEPS_TASK]: stepsTask([counting])(system) } });
