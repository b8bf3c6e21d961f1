import { readConfig } from './config.ts';
import { closeAtTheEnd } from './start/end.ts';
import { start } from './start/start.ts';
import { explain } from './start/start-error.ts';

try {
  const server = await start(readConfig());
  closeAtTheEnd(server);
  process.stdout.write(server.banner);
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exit(1);
}
