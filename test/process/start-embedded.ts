// Run as a process of its own: starts the embedded server in the folder of its first argument, says so in one line
// of JSON, and stays until it is told to stop or its input ends.
import { startEmbeddedPostgres } from '../../src/db/embedded.ts';

const server = await startEmbeddedPostgres({ folder: process.argv[2] as string });
console.log(JSON.stringify({ url: server.url(), owned: server.owned, folder: server.folder }));
process.stdin.resume();
process.stdin.once('end', async () => {
  await server.stop();
  process.exit(0);
});
