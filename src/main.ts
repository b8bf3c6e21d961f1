import closeWithGrace from 'close-with-grace';
import { readConfig } from './config.ts';
import { start } from './start/start.ts';
import { explain } from './start/start-error.ts';

const GRACE_MS = 10_000;

try {
  const server = await start(readConfig());
  process.stdout.write(server.banner);
  closeWithGrace({ delay: GRACE_MS, logger: false }, async ({ err }) => {
    if (err) server.system.log.fatal({ err }, 'the process ends after an error that nothing caught');
    await server.close();
  });
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exit(1);
}
