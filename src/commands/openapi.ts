import fs from 'node:fs';
import path from 'node:path';
import { buildApp } from '../app.ts';
import { readConfig } from '../config.ts';
import { createLogger } from '../log.ts';
import { openDatabaseServer } from '../start/database.ts';
import { explain } from '../start/start-error.ts';
import { createSystem } from '../system.ts';

const USAGE = `Usage: npm run openapi -- <file>
Writes the API's description (OpenAPI 3.1), as GET /openapi.json tells it, to a file.
`;

/** Boots the application as far as its routes are known, and asks it. */
async function describe(): Promise<string> {
  const config = { ...readConfig(), LOG_LEVEL: 'error' as const };
  const server = await openDatabaseServer(config, path.resolve(config.DATA_DIR));
  const system = createSystem(config, createLogger(config), server.url);
  const app = await buildApp(system);
  try {
    return (await app.inject('/openapi.json')).body;
  } finally {
    await app.close();
    await system.close();
    await server.stop();
  }
}

const [file] = process.argv.slice(2);
if (!file) {
  process.stderr.write(USAGE);
  process.exitCode = 2;
} else {
  try {
    const document = await describe();
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, `${JSON.stringify(JSON.parse(document), null, 2)}\n`);
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    process.exitCode = 1;
  }
}
