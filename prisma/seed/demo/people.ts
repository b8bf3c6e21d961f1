import { statement } from '../../../src/db/client.ts';
import type { Tx } from '../../../src/db/transaction.ts';
import { hashSecret } from '../../../src/services/oauth/client-auth.ts';
import { bumpAuthRevision } from '../../../src/services/oauth/revision.ts';
import { emailKey } from '../../../src/services/users/row.ts';
import { insertCompany, type NewClient, type NewInterface } from '../company.ts';
import { insertRow } from '../rows.ts';
import type { DemoSecrets } from './secrets.ts';

/** The demo company is known by its clients. */
export const CLIENT_IDS = {
  web: 'demo-web',
  box_office: 'demo-box-office',
  back_office: 'demo-back-office',
} as const;

export const CURRENCY = 'CLP';
export const TIME_ZONE = 'America/Santiago';

/** Of the published example environment. */
export const JOHN = { email: 'john.doe@mail.com', first_name: 'John', last_name: 'Doe' };
export const COUNTRY_ID = 46;
export const STATE_ID = 530;

const place = { currency: CURRENCY, time_zone: TIME_ZONE, language: 'en' };
const INTERFACES: readonly NewInterface[] = [
  { name: 'Web', kind: 'web', ...place },
  { name: 'Box office', kind: 'box_office', ...place },
  { name: 'Partner', kind: 'partner', ...place },
];

/** What each client may do and where it sells; indexes into the interfaces. */
export const CLIENTS = {
  web: { name: 'Web', scopes: ['public', 'buy'], interfaces: [0] },
  box_office: { name: 'Box office', scopes: ['public', 'sell'], interfaces: [1] },
  back_office: { name: 'Back office', scopes: ['public', 'buy', 'sell', 'admin'], interfaces: [0, 1, 2] },
} as const satisfies Record<keyof typeof CLIENT_IDS, Omit<NewClient, 'id' | 'secret'>>;

export type ClientName = keyof typeof CLIENTS;
export const CLIENT_NAMES = Object.keys(CLIENTS) as ClientName[];

/** The demo company with its interfaces, in a database that has no company yet. */
export function insertDemoCompany(
  tx: Tx,
  secrets: DemoSecrets,
): Promise<{ company_id: number; interface_ids: number[] }> {
  return insertCompany(tx, {
    name: 'Demo Tickets',
    interfaces: INTERFACES,
    clients: CLIENT_NAMES.map((name) => ({
      id: CLIENT_IDS[name],
      secret: secrets.clients[name],
      ...CLIENTS[name],
    })),
  });
}

const SET_SECRET = statement(
  'seed_client_secret',
  `UPDATE client SET secret_hash = $3, old_secret_hash = NULL, old_secret_expires_at = NULL, updated_at = now()
   WHERE company_id = $1 AND id = $2 AND secret_hash <> $3`,
);
const SET_PASSWORD = statement(
  'seed_user_password',
  `UPDATE user_account SET password_hash = $3, failed_logins = 0, locked_until = NULL, active = true, updated_at = now()
   WHERE company_id = $1 AND email_key = $2 AND password_hash <> $3`,
);

/**
 * Makes the secrets of this folder those of the database, whatever they were before.
 * @returns whose were changed
 */
export async function applySecrets(tx: Tx, company_id: number, secrets: DemoSecrets): Promise<string[]> {
  const changed: string[] = [];
  for (const name of CLIENT_NAMES) {
    const values = [company_id, CLIENT_IDS[name], hashSecret(secrets.clients[name])];
    if (await tx.execute(SET_SECRET, values)) changed.push(CLIENT_IDS[name]);
  }
  if (await tx.execute(SET_PASSWORD, [company_id, emailKey(JOHN.email), secrets.password_hash]))
    changed.push(JOHN.email);
  if (changed.length) await bumpAuthRevision(tx);
  return changed;
}

const FIND_JOHN = statement(
  'seed_find_user',
  'SELECT id FROM user_account WHERE company_id = $1 AND email_key = $2',
);

/** John Doe with an address and a guest, where he is not (or no longer) there. */
export async function ensureJohn(tx: Tx, company_id: number, { password_hash }: DemoSecrets): Promise<void> {
  const email_key = emailKey(JOHN.email);
  if ((await tx.query(FIND_JOHN, [company_id, email_key])).length) return;
  const { id: user_id } = await insertRow(tx, 'user_account', {
    ...{ company_id, ...JOHN, email_key, password_hash, email_verified_at: new Date() },
    ...{ phone: '+56 2 2555 0100', document_type: 'passport', document_number: 'P1234567' },
  });
  await insertRow(tx, 'address', {
    ...{ company_id, user_id, label: 'Home', line1: 'Avenida Providencia 1234', line2: 'Depto. 56' },
    ...{
      city: 'Santiago',
      postal_code: '7500000',
      country_id: COUNTRY_ID,
      state_id: STATE_ID,
      default: true,
    },
  });
  await insertRow(tx, 'guest', {
    ...{ company_id, user_id, first_name: 'Jane', last_name: 'Doe', email: 'jane.doe@mail.com' },
    document_number: 'P7654321',
  });
}
