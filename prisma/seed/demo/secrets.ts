import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { Config } from '../../../src/config.ts';
import { createClientSecret } from '../../../src/services/oauth/client-auth.ts';
import { hashPassword } from '../../../src/services/users/password-hash.ts';
import { CLIENT_IDS } from './people.ts';

const Secrets = z.object({
  clients: z.object({ web: z.string(), box_office: z.string(), back_office: z.string() }),
  password: z.string(),
  /** As the database holds it: tells without work whether that database knows this password. */
  password_hash: z.string(),
  new_password: z.string(),
});

/** What opens the demo company, in the clear. */
export type DemoSecrets = z.output<typeof Secrets>;

const FILE = 'demo-secrets.json';

/**
 * The secrets of this folder's demo company; random ones, written down first, where the folder has none.
 * @param folder the data folder; the file in it is for its owner's eyes only
 */
export async function demoSecrets(folder: string, config: Config): Promise<DemoSecrets> {
  const file = path.join(folder, FILE);
  const known = readSecrets(file);
  if (known) return known;
  const password = newPassword();
  const secrets: DemoSecrets = {
    clients: Object.fromEntries(
      Object.keys(CLIENT_IDS).map((name) => [name, createClientSecret()]),
    ) as DemoSecrets['clients'],
    password,
    password_hash: await hashPassword(password, config),
    new_password: newPassword(),
  };
  writePrivately(file, JSON.stringify(secrets, null, 2));
  return secrets;
}

function readSecrets(file: string): DemoSecrets | undefined {
  try {
    return Secrets.parse(JSON.parse(fs.readFileSync(file, 'utf8')));
  } catch {
    return undefined; // absent or spoilt: new ones take its place
  }
}

const newPassword = (): string => randomBytes(12).toString('base64url');

/** Writes a file that only its owner can read, whole or not at all. */
export function writePrivately(file: string, content: string): void {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const aside = `${file}.${process.pid}`;
  fs.writeFileSync(aside, `${content}\n`, { mode: 0o600 });
  fs.renameSync(aside, file);
}
