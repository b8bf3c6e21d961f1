import fs from 'node:fs';
import path from 'node:path';
import { writePrivately } from '../../prisma/seed/demo/secrets.ts';
import type { EnvironmentValues } from './demo-values.ts';

const FILE = 'ticketing-api.postman_environment.json';
const ID = '0b4744b5-f176-47f0-ba7a-5e3c9bf91af6'; // that of the published example
const SECRET = /secret$|password$|token$|^qr_code$/;

/** Where a server with this data folder describes itself. */
export const environmentFile = (folder: string): string => path.join(folder, FILE);

/** Writes the Postman environment of this server into its data folder, for its owner's eyes only. */
export function writeEnvironment(folder: string, values: EnvironmentValues): void {
  const environment = {
    id: ID,
    name: 'Ticketing API (demo)',
    values: values.map(([key, value]) => ({
      key,
      value: String(value ?? ''),
      type: SECRET.test(key) ? 'secret' : 'default',
      enabled: true,
    })),
    _postman_variable_scope: 'environment',
  };
  writePrivately(environmentFile(folder), JSON.stringify(environment, null, 2));
}

/** The values in an environment file by name; undefined where there is none. */
export function readEnvironment(file: string): Record<string, string> | undefined {
  try {
    const { values } = JSON.parse(fs.readFileSync(file, 'utf8')) as {
      values: { key: string; value: string }[];
    };
    return Object.fromEntries(values.map(({ key, value }) => [key, value]));
  } catch {
    return undefined;
  }
}
