import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readConfig } from '../config.ts';
import { environmentFile, readEnvironment } from '../start/environment.ts';
import { start } from '../start/start.ts';
import { explain } from '../start/start-error.ts';
import { StoryError } from './demo/client.ts';
import { type Environment, tellStory } from './demo/story.ts';
import { aside, success } from './demo/terminal.ts';

/** A server to tell the story against. */
interface Stage {
  url: string;
  environment: Environment;
  leave(): Promise<void>;
}

/** The server that runs already, if one answers where the settings or its environment file say. */
async function runningServer(): Promise<Stage | undefined> {
  const { API_URL, DATA_DIR } = readConfig();
  const environment = readEnvironment(environmentFile(path.resolve(DATA_DIR)));
  const url = API_URL?.replace(/\/+$/, '') ?? environment?.api_url;
  const answers = url && (await fetch(`${url}/health/live`).catch(() => undefined))?.ok;
  if (API_URL && !answers) throw new StoryError(`No server answers at ${API_URL}.`);
  if (API_URL && !environment) throw new StoryError(`There is no environment file in ${DATA_DIR}.`);
  return answers && environment ? { url, environment, leave: async () => {} } : undefined;
}

/** A server of our own on a free port, with a database that is thrown away afterwards. */
async function ownServer(): Promise<Stage> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ticketing-demo-'));
  fs.chmodSync(folder, 0o755); // where root starts it, the database server's user must get in
  const remove = () => fs.rmSync(folder, { recursive: true, force: true });
  try {
    const server = await start(readConfig({ PORT: '0', DATA_DIR: folder, LOG_LEVEL: 'error' }));
    const leave = async () => {
      await server.close();
      remove();
    };
    const environment = readEnvironment(environmentFile(folder));
    if (environment) return { url: server.system.publicUrl, environment, leave };
    await leave();
    throw new StoryError('The demo company could not be made.');
  } catch (error) {
    remove();
    throw error;
  }
}

try {
  const stage = (await runningServer()) ?? (await ownServer());
  aside(`against ${stage.url}`);
  try {
    await tellStory(stage.url, stage.environment);
  } finally {
    await stage.leave();
  }
  success('Sold end to end.');
} catch (error) {
  process.stderr.write(`\n${error instanceof StoryError ? error.message : explain(error)}\n`);
  process.exitCode = 1;
}
