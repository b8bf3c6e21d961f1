import { randomBytes } from 'node:crypto';
import { statement } from '../../db/client.ts';
import type { System } from '../../system.ts';

const FIND = statement('provider_secret_find', 'SELECT secret FROM provider_secret WHERE provider = $1');
const KEEP = statement(
  'provider_secret_keep',
  'INSERT INTO provider_secret (provider, secret) VALUES ($1, $2) ON CONFLICT DO NOTHING',
);

/** The secret that a provider signs its webhooks with: the setting, or one made once and the same for every process. */
export async function webhookSecret({ config, db }: System, provider: string): Promise<string> {
  if (config.SANDBOX_WEBHOOK_SECRET) return config.SANDBOX_WEBHOOK_SECRET;
  for (;;) {
    const [row] = await db.query<{ secret: string }>(FIND, [provider]);
    if (row) return row.secret;
    await db.query(KEEP, [provider, `whsec_${randomBytes(32).toString('base64')}`]);
  }
}
