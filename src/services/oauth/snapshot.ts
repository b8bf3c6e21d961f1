import type { SalesChannel, Scope } from '../../context.ts';
import { type Database, statement } from '../../db/client.ts';
import { scopeSet } from './scope.ts';
import { readSigningKeys, type SigningKeys } from './signing-keys.ts';

/** An active client as every process remembers it. */
export interface KnownClient {
  readonly id: string;
  readonly company_id: number;
  readonly scopes: ReadonlySet<Scope>;
  /** Requests an hour for each of its tokens, where it differs from the deployment's. */
  readonly rate_limit: number | null;
  /** SHA-256 in hexadecimal. */
  readonly secret_hash: string;
  readonly old_secret_hash: string | null;
  readonly old_secret_expires_at: Date | null;
  /** Active interfaces granted to it, by their id as `X-Interface` writes it. */
  readonly interfaces: ReadonlyMap<string, SalesChannel>;
  /** Undefined while it is not active. */
  readonly default_interface: SalesChannel | undefined;
}

/** What access depends on, as of one revision. Never changed, only replaced; `revoked` alone grows in place. */
export interface Snapshot {
  readonly revision: number;
  /** Database time of the reading. */
  readonly at: Date;
  /** Active clients by id. */
  readonly clients: ReadonlyMap<string, KnownClient>;
  /** Active interfaces by id as text. */
  readonly interfaces: ReadonlyMap<string, SalesChannel>;
  /** The deployment's default: the active interface that was created first. Undefined when there is none. */
  readonly default_interface: SalesChannel | undefined;
  /** Ids of revoked tokens and sessions, and the epoch ms until which something of them could still be alive. */
  readonly revoked: ReadonlyMap<string, number>;
  readonly keys: SigningKeys | undefined;
}

/** Before the first reading: nobody has access to anything. */
export const NOTHING: Snapshot = {
  revision: -1,
  at: new Date(0),
  clients: new Map(),
  interfaces: new Map(),
  default_interface: undefined,
  revoked: new Map(),
  keys: undefined,
};

const REVISION = statement('auth_revision', 'SELECT revision, now() AS at FROM auth_revision WHERE id = 1');
const INTERFACES = statement(
  'auth_interfaces',
  `SELECT id, company_id, name, kind, currency, time_zone, language, allowed_origins, hold_seconds, max_hold_seconds,
     payment_seconds, payment_methods
   FROM interface WHERE active ORDER BY company_id, id`,
);
const CLIENTS = statement(
  'auth_clients',
  `SELECT id, company_id, array_to_string(scopes, ' ') AS scopes, rate_limit, secret_hash, old_secret_hash,
     old_secret_expires_at, default_interface_id,
     ARRAY (SELECT i.interface_id FROM client_interface i WHERE i.company_id = c.company_id AND i.client_id = c.id)
       AS interface_ids
   FROM client c WHERE active`,
);
// Revocations are only ever added, so what was read before stays. The overlap of a minute, longer than any
// transaction may last, covers those that began before the last reading and committed after it.
const REVOKED = statement(
  'auth_revoked',
  `SELECT jti AS id, expires_at AS until FROM revoked_token
   WHERE expires_at > now() AND created_at >= $1::timestamptz - interval '1 minute'
   UNION ALL
   SELECT id, revoked_at + $2 * interval '1 second' FROM session
   WHERE revoked_at >= greatest($1::timestamptz - interval '1 minute', now() - $2 * interval '1 second')`,
);

type ClientRow = Omit<KnownClient, 'scopes' | 'interfaces' | 'default_interface'> & {
  scopes: string;
  default_interface_id: number;
  interface_ids: number[];
};

/**
 * The same snapshot when nothing has changed since, else a new one. The revision is read first: whatever is read
 * after it is at least as new, and anything newer still moves the revision again.
 * @param tokenSeconds how long an access token lives
 */
export async function readSnapshot(db: Database, known: Snapshot, tokenSeconds: number): Promise<Snapshot> {
  const [now] = await db.query<{ revision: number; at: Date }>(REVISION);
  if (!now) throw new Error('auth_revision has no row');
  if (now.revision === known.revision) return known;
  const channels = await db.query<SalesChannel>(INTERFACES);
  const clients = await db.query<ClientRow>(CLIENTS);
  const revoked = await db.query<{ id: string; until: Date }>(REVOKED, [known.at, tokenSeconds]);
  const keys = await readSigningKeys(db);
  const interfaces = new Map(channels.map((channel) => [String(channel.id), channel]));
  return {
    ...now,
    interfaces,
    default_interface: channels[0],
    clients: new Map(clients.map((row) => [row.id, knownClient(row, interfaces)])),
    revoked: stillRevoked(known.revoked, revoked),
    keys,
  };
}

function knownClient(row: ClientRow, interfaces: ReadonlyMap<string, SalesChannel>): KnownClient {
  const { interface_ids, default_interface_id, scopes, ...client } = row;
  const granted = new Map<string, SalesChannel>();
  for (const id of [default_interface_id, ...interface_ids].map(String)) {
    const channel = interfaces.get(id);
    if (channel?.company_id === client.company_id) granted.set(id, channel);
  }
  const default_interface = granted.get(String(default_interface_id));
  return { ...client, scopes: scopeSet(scopes), interfaces: granted, default_interface };
}

function stillRevoked(
  known: ReadonlyMap<string, number>,
  added: { id: string; until: Date }[],
): Map<string, number> {
  const now = Date.now();
  const revoked = new Map([...known].filter(([, until]) => until > now));
  for (const { id, until } of added) revoked.set(id, until.getTime());
  return revoked;
}
