import type { Context, SalesChannel, Scope } from '../../src/context.ts';
import { statement } from '../../src/db/client.ts';
import type { System } from '../../src/system.ts';

const CHANNEL = statement(
  'test_channel',
  `SELECT id, company_id, name, kind, currency, time_zone, language, allowed_origins, hold_seconds, max_hold_seconds,
     payment_seconds, payment_methods FROM interface WHERE id = $1`,
);

/** An interface as requests carry it. */
export async function channelOf(system: System, interface_id: number): Promise<SalesChannel> {
  const [channel] = await system.db.query<SalesChannel>(CHANNEL, [interface_id]);
  if (!channel) throw new Error(`no interface ${interface_id}`);
  return channel;
}

export interface Caller {
  interface: SalesChannel;
  scopes?: Scope[];
  user_id?: number;
  client_id?: string;
  now?: Date;
  /** An Idempotency-Key, of one request at least: give each call its own context. */
  key?: string;
  if_match?: string[];
}

/** What a service function is told of who asks, as the hooks would make it of a request. */
export function contextOf(system: System, caller: Caller): Context {
  const { scopes = ['public', 'buy'], client_id = 'web', now = new Date(), key } = caller;
  return {
    system,
    company_id: caller.interface.company_id,
    client_id,
    user_id: caller.user_id,
    scopes: new Set(scopes),
    interface: caller.interface,
    language: 'en',
    request_id: 'test',
    now,
    ...(key && { idempotency: { key, fingerprint: Buffer.from(key), state: 'unclaimed' } }),
    ...(caller.if_match && { if_match: caller.if_match }),
  };
}
