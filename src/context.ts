import type { Language } from './errors.ts';
import type { AccessToken } from './services/oauth/access-token.ts';
import type { System } from './system.ts';

export const SCOPES = ['public', 'buy', 'sell', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** A sales channel, as every request carries it (seed: Interfaces). */
export interface SalesChannel {
  id: number;
  company_id: number;
  name: string;
  kind: string;
  currency: string;
  time_zone: string;
  /** Of its answers and mails, where a request asks for none. */
  language: Language;
  allowed_origins: string[];
  /** Seconds that a new cart is held; the most it may be held in all by `buy`; added while a payment runs. */
  hold_seconds: number;
  max_hold_seconds: number;
  payment_seconds: number;
  payment_methods: string[];
}

/** The idempotency record of this request: hooks/idempotency.ts makes it, db/transaction.ts commits it. */
export interface Idempotency {
  key: string;
  /** HMAC-SHA-256 over method, address and body. */
  fingerprint: Buffer;
  state: 'unclaimed' | 'claimed' | 'answered';
}

/**
 * Who asks, through which channel, and the means to answer: the first argument of every service function.
 * Nothing in it speaks of HTTP.
 */
export interface Context {
  readonly system: System;
  readonly company_id: number;
  readonly client_id: string;
  /** Set for tokens of the password grant only. */
  readonly user_id: number | undefined;
  /** The sign-in that the user's token comes from. */
  readonly session_id?: string | undefined;
  /** What the request was let in by: whoever listens for long is let go when it ends (access-watch.ts). */
  readonly token?: AccessToken | undefined;
  readonly scopes: ReadonlySet<Scope>;
  readonly interface: SalesChannel;
  readonly language: Language;
  readonly request_id: string;
  /** The moment of the request, for code; SQL uses now() of its transaction. */
  readonly now: Date;
  idempotency?: Idempotency;
  /** `?dry_run=true`: everything is checked and answered, under the same locks, and nothing is kept. */
  dry_run?: boolean;
  /** The states a change may start from (If-Match): services check them with `assertFresh`. */
  if_match?: readonly string[];
}

/** May the caller see buyers, holders, money totals and every cart of the interface? */
export const seesEverything = ({ scopes }: Pick<Context, 'scopes'>): boolean =>
  scopes.has('sell') || scopes.has('admin');
