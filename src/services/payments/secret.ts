import { randomBytes } from 'node:crypto';
import { statement } from '../../db/client.ts';
import type { System } from '../../system.ts';

const FIND = statement('provider_secret_find', 'SELECT secret FROM provider_secret WHERE provider = $1');
const KEEP = statement(
  'provider_secret_keep',
  'INSERT INTO provider_secret (provider, secret) VALUES ($1, $2) ON CONFLICT DO NOTHING',
);

/** It never changes, and whoever floods us with webhooks must not reach the database by it. */
const known = new WeakMap<System, Map<string, string>>();

/** The secret that a provider signs its webhooks with: the setting, or one made once and the same for every process. */
export async function webhookSecret(system: System, provider: string): Promise<string> {
  const { config, db } = system;
  if (config.SANDBOX_WEBHOOK_SECRET) return config.SANDBOX_WEBHOOK_SECRET;
  const secrets = known.get(system) ?? new Map<string, string>();
  known.set(system, secrets);
  for (;;) {
    const secret = secrets.get(provider) ?? (await db.query<{ secret: string }>(FIND, [provider]))[0]?.secret;
    if (secret) {
      secrets.set(provider, secret);
      return secret;
    }
    await db.query(KEEP, [provider, `whsec_${randomBytes(32).toString('base64')}`]);
  }
}
