import { statement } from '../db/client.ts';
import type { System } from '../system.ts';

/** Secrets of this deployment that nobody outside it shares: the migration that needs one makes it. */
export type SecretPurpose = 'idempotency';

const FIND = statement('server_secret_find', 'SELECT secret FROM server_secret WHERE purpose = $1');

const known = new WeakMap<System, Map<SecretPurpose, Promise<string>>>();

/** The secret for a purpose, the same for every process and read once by each. */
export function serverSecret(system: System, purpose: SecretPurpose): Promise<string> {
  let secrets = known.get(system);
  if (!secrets) {
    secrets = new Map();
    known.set(system, secrets);
  }
  let secret = secrets.get(purpose);
  if (!secret) {
    secret = find(system, purpose);
    secrets.set(purpose, secret);
    secret.catch(() => secrets.delete(purpose));
  }
  return secret;
}

async function find({ db }: System, purpose: SecretPurpose): Promise<string> {
  const [row] = await db.query<{ secret: string }>(FIND, [purpose]);
  if (!row) throw new Error(`this database has no secret for ${purpose}`);
  return row.secret;
}
