import { readFile } from 'node:fs/promises';
import { inProject } from '../../paths.ts';
import type { System } from '../../system.ts';

const FOLDER = inProject('postman');

/** The Postman collection that ships with the project. */
export const postmanCollection = (): Promise<string> =>
  readFile(`${FOLDER}/ticketing-api.postman_collection.json`, 'utf8');

/** The environment that ships with the project, pointed at this server. What is secret is for its user to fill in. */
export async function postmanEnvironment(system: System): Promise<string> {
  const environment = JSON.parse(await readFile(`${FOLDER}/ticketing-api.postman_environment.json`, 'utf8'));
  for (const variable of environment.values)
    if (variable.key === 'site_url' || variable.key === 'api_url') variable.value = system.publicUrl;
  return JSON.stringify(environment, null, 2);
}
