import type { Scope } from '../../src/context.ts';
import type { ApiWorld, Who } from './api-world.ts';
import { cashRoutes } from './routes/cash.ts';
import { catalogueRoutes } from './routes/catalogues.ts';
import { courtesyRoutes } from './routes/courtesies.ts';
import { doorRoutes } from './routes/door.ts';
import { eventRoutes } from './routes/events.ts';
import { exchangeRoutes } from './routes/exchanges.ts';
import { exportRoutes } from './routes/exports.ts';
import { managementRoutes } from './routes/management.ts';
import { mapRoutes } from './routes/maps.ts';
import { offlineRoutes } from './routes/offline.ts';
import { openRoutes } from './routes/open.ts';
import { planRoutes } from './routes/plans.ts';
import { priceRoutes } from './routes/prices.ts';
import { privacyRoutes } from './routes/privacy.ts';
import { queueRoutes } from './routes/queues.ts';
import { salesRoutes } from './routes/sales.ts';
import { seasonRoutes } from './routes/seasons.ts';
import { transferRoutes } from './routes/transfers.ts';

import { userRoutes } from './routes/users.ts';

import { waitlistRoutes } from './routes/waitlist.ts';
import { webhookRoutes } from './routes/webhooks.ts';

/** A request that succeeds. */
export interface Example {
  url: string;
  body?: object | string;
  headers?: Record<string, string>;
  /** The caller's, where it is not the token of `who`. */
  token?: string;
}

/** What the contract says of a route: written by hand, so that a slip in its declaration shows. */
export interface RouteEntry {
  /** Method and address as declared. */
  route: `${'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} /${string}`;
  /** Any one of them lets in; 'none': no token is asked for. */
  scopes: readonly Scope[] | 'none';
  /** What comes back: the resource root, or else the kind of answer. */
  answer:
    | { one: string }
    | { page: string }
    | { whole: string }
    | { created: string }
    | 'empty'
    | 'bare'
    | 'file';
  status: number;
  /** Whose are the objects that the address names. */
  of?: 'company' | 'interface';
  /** `buy` reaches its own objects only. */
  own?: true;
  /** `buy` is good for nothing here without a user. */
  user?: true;
  ifMatch?: true;
  /** Pointers into the example's body where null is a value. */
  nullable?: readonly string[];
  /** Pointers into the example's body, each with odd values that are fine there. */
  fine?: Readonly<Record<string, readonly unknown[]>>;
  /** Of bodies, where it is not the server's own. */
  bodyLimit?: number;
  /** Query parameters that take any text. */
  texts?: readonly string[];
  /** The body by which somebody else would try: of things that they may have. */
  bodyOf?(world: ApiWorld, who: Who): object;
  /** Who is to try it, where not anybody will do. */
  by?: Who;
  /** It takes no body. */
  bodyless?: true;
  /** A new request of `who`; what it uses up is made for it. */
  example(world: ApiWorld, who: Who): Example | Promise<Example>;
}

export const ROUTES: readonly RouteEntry[] = [
  ...catalogueRoutes,
  ...salesRoutes,
  ...userRoutes,
  ...privacyRoutes,
  ...priceRoutes,
  ...planRoutes,
  ...exchangeRoutes,
  ...queueRoutes,
  ...cashRoutes,
  ...seasonRoutes,
  ...doorRoutes,
  ...transferRoutes,
  ...offlineRoutes,
  ...managementRoutes,
  ...eventRoutes,
  ...webhookRoutes,
  ...waitlistRoutes,
  ...courtesyRoutes,
  ...mapRoutes,
  ...exportRoutes,
  ...openRoutes,
];

export const methodOf = ({ route }: RouteEntry) => route.split(' ')[0] as 'GET';

const SCOPE_OF: Partial<Record<Who, Scope>> = {
  ...{
    buyer: 'buy',
    john: 'buy',
    mary: 'buy',
    stranger: 'buy',
    outsider: 'buy',
    seller: 'sell',
    pos: 'sell',
    admin: 'admin',
  },
};

/** May this caller use the route at all? */
export const lets = ({ scopes }: RouteEntry, who: Who): boolean =>
  scopes === 'none' ||
  who === 'rival' ||
  scopes.includes('public') ||
  scopes.includes(SCOPE_OF[who] ?? 'public');

/** Somebody for whom the example succeeds. */
export const callerOf = (entry: RouteEntry): Who =>
  entry.by ?? ((['seller', 'john', 'admin', 'reader'] as const).find((who) => lets(entry, who)) as Who);
