import bcrypt from 'bcrypt';
import { insertRow, insertRows } from '../../prisma/seed/rows.ts';
import type { Scope } from '../../src/context.ts';
import { statement } from '../../src/db/client.ts';
import { inTransaction, type Tx } from '../../src/db/transaction.ts';
import { signAccessToken } from '../../src/services/oauth/access-token.ts';
import { createClientSecret, hashSecret } from '../../src/services/oauth/client-auth.ts';
import { authChanged, bumpAuthRevision } from '../../src/services/oauth/revision.ts';
import { openSession } from '../../src/services/oauth/sessions.ts';
import type { System } from '../../src/system.ts';

export interface TestClient {
  id: string;
  secret: string;
  scopes: Scope[];
}

export interface TestUser {
  id: number;
  email: string;
  password: string;
}

/** Who may ask for what: a company that sells through two interfaces, its clients and a user. */
export interface Accounts {
  company_id: number;
  interfaces: { web: number; pos: number };
  /** web: public buy, its own interface. pos: public sell, its own. admin: every scope, both, web by default. */
  clients: { web: TestClient; pos: TestClient; admin: TestClient };
  user: TestUser;
}

/** @param name makes the client ids of a second company differ from those of the first */
export async function makeAccounts(system: System, name = 'acme'): Promise<Accounts> {
  const accounts = await inTransaction(system.db, async (tx) => {
    const { id: company_id } = await insertRow(tx, 'company', { name });
    const web = await makeInterface(tx, company_id, 'web');
    const pos = await makeInterface(tx, company_id, 'box_office');
    const made = {
      company_id,
      interfaces: { web, pos },
      clients: {
        web: await makeClient(tx, company_id, `${name}-web`, ['public', 'buy'], [web]),
        pos: await makeClient(tx, company_id, `${name}-pos`, ['public', 'sell'], [pos]),
        admin: await makeClient(
          tx,
          company_id,
          `${name}-admin`,
          ['public', 'buy', 'sell', 'admin'],
          [web, pos],
        ),
      },
      user: await makeUser(tx, company_id, 'john.doe@mail.com'),
    };
    await bumpAuthRevision(tx);
    return made;
  });
  await authChanged(system);
  return accounts;
}

/** A sales channel in Madrid and euros. */
export async function makeInterface(tx: Tx, company_id: number, kind: string): Promise<number> {
  const row = { company_id, name: kind, kind, currency: 'EUR', time_zone: 'Europe/Madrid' };
  return (await insertRow(tx, 'interface', row)).id;
}

/** @param interfaces those granted; the first is its default */
export async function makeClient(
  tx: Tx,
  company_id: number,
  id: string,
  scopes: Scope[],
  interfaces: number[],
): Promise<TestClient> {
  const secret = createClientSecret();
  const default_interface_id = interfaces[0];
  await insertRow(tx, 'client', {
    company_id,
    id,
    name: id,
    secret_hash: hashSecret(secret),
    scopes,
    default_interface_id,
  });
  const granted = interfaces.map((interface_id) => ({ company_id, client_id: id, interface_id }));
  await insertRows(tx, 'client_interface', granted);
  return { id, secret, scopes };
}

/** A user whose password is cheap to check. */
export async function makeUser(tx: Tx, company_id: number, email: string): Promise<TestUser> {
  const password = 'correct horse battery';
  const row = await insertRow(tx, 'user_account', {
    company_id,
    email,
    email_key: email.toLowerCase(),
    password_hash: await bcrypt.hash(password, 4),
    first_name: 'John',
    last_name: 'Doe',
  });
  return { id: row.id, email, password };
}

const HASH_OF_USER = statement('test_hash_of_user', 'SELECT password_hash FROM user_account WHERE id = $1');

/**
 * A real access token, without a request to the token endpoint and its limits.
 * @param scopes those of the client without it, or public and buy where there is a user
 */
export async function accessToken(
  system: System,
  options: { client: TestClient; scopes?: Scope[]; user?: TestUser },
): Promise<string> {
  const client = (await system.auth.refresh()).clients.get(options.client.id);
  if (!client) throw new Error(`client ${options.client.id} is unknown or not active`);
  const { user } = options;
  const scopes = new Set<Scope>(options.scopes ?? (user ? ['public', 'buy'] : client.scopes));
  if (!user) return signAccessToken(system, { client, scopes });
  const [row] = await system.db.query<{ password_hash: string }>(HASH_OF_USER, [user.id]);
  const session = await openSession(
    system,
    client,
    { id: user.id, password_hash: row?.password_hash ?? '' },
    scopes,
  );
  if (!session) throw new Error(`user ${user.email} cannot sign in`);
  return signAccessToken(system, { client, scopes, session: { id: session.id, user_id: user.id } });
}
