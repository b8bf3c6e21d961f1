import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import type { Config } from './config.ts';
import { type Database, openDatabase } from './db/client.ts';
import type { Batcher } from './services/batcher.ts';
import { overdueQueue } from './services/carts/expire.ts';
import type { HoldQueues } from './services/carts/hold.ts';
import { OfferCache } from './services/events/offer.ts';
import { StockFigures } from './services/events/stock.ts';
import { FeedWaits } from './services/feed/waits.ts';
import { type JobWaits, openJobWaits } from './services/jobs/waits.ts';
import { LiveStreams } from './services/live-streams.ts';
import { createMailer, type Mailer } from './services/mail/transport.ts';
import { Mirrors } from './services/maps/availability.ts';
import { SeatLabels } from './services/maps/seat-labels.ts';
import { AVAILABILITY_STREAMS, type AvailabilityStreams } from './services/maps/stream.ts';
import { Metrics } from './services/metrics/metrics.ts';
import { AccessWatch } from './services/oauth/access-watch.ts';
import { AuthState } from './services/oauth/auth-state.ts';
import { type PaymentProviders, paymentProviders } from './services/payments/providers.ts';
import { type PaymentQueues, paymentQueues } from './services/payments/queues.ts';
import { PublishedCache } from './services/published-cache.ts';
import type { JoinQueues } from './services/queue/join.ts';
import { MemoryWindow } from './services/rate-limit/memory-window.ts';
import { RedisWindow } from './services/rate-limit/redis-window.ts';
import type { SlidingWindow } from './services/rate-limit/window.ts';
import { TicketKeyring } from './services/tickets/keyring.ts';
import { RotatingEvents } from './services/tickets/rotating-events.ts';
import { openPassSigner, type PassSigner } from './services/tickets/wallet.ts';
import { Doors } from './services/validations/door.ts';
import type { ScanQueues } from './services/validations/scan.ts';
import { DOOR_STREAMS, type DoorStreams } from './services/validations/stream.ts';

declare module 'fastify' {
  interface FastifyInstance {
    system: System;
  }
}

/** What the whole process shares: settings, the database and what services remember between requests. */
export interface System {
  readonly config: Config;
  /** Where clients reach this server, without a trailing slash. Known once it listens. */
  publicUrl: string;
  readonly db: Database;
  readonly log: Logger;
  /** Clients, interfaces and revocations, at most a second old. */
  readonly auth: AuthState;
  /** Ends what lasts with the access it was let in by. */
  accessWatch: AccessWatch;
  /** What events offer for sale, at most a second old. */
  readonly offers: OfferCache;
  /** The event of a ticket type or product: it never changes. */
  readonly eventIds: LRUCache<string, number>;
  readonly seatLabels: SeatLabels;
  /** What is left of events, for those who ask for no more than the level of it. */
  readonly stock: StockFigures;
  /** The seats of the maps that are looked at, kept up by reading what has changed. */
  readonly mirrors: Mirrors;
  /** Those who listen to changes of maps. */
  readonly streams: AvailabilityStreams;
  /** Holds waiting for their batch, by event. */
  readonly holds: HoldQueues;
  /** Those who come to the gate of an event, waiting for their batch. */
  readonly queueJoins: JoinQueues;
  /** When this process last did a round of a gate for somebody who asked for a place. */
  readonly queueRounds: LRUCache<string, number>;
  /** Ends overdue carts of the given events. */
  readonly overdue: Batcher<readonly number[], void>;
  /** Who takes payments for us, by name. */
  readonly paymentProviders: PaymentProviders;
  /** Payments waiting for their batch. */
  readonly payments: PaymentQueues;
  /** Those who wait for a job to finish. */
  readonly jobWaits: JobWaits;
  /** Those who wait for the change feed to go on. */
  readonly feed: FeedWaits;
  /** The keys that sign ticket codes, and the codes proved before. */
  readonly ticketKeys: TicketKeyring;
  /** Which events have rotating codes, at most a second old. */
  readonly rotatingEvents: RotatingEvents;
  /** What passes for Apple Wallet are signed by, if this server has a certificate. */
  readonly passSigner: PassSigner | undefined;
  /** What gates must know of events, at most a second old. */
  readonly doors: Doors;
  /** Those who watch the doors of events. */
  readonly doorStreams: DoorStreams;
  /** Scans waiting for their batch, by company. */
  readonly scans: ScanQueues;
  /** How often whom: tokens, addresses, log-ins. */
  readonly rateWindow: SlidingWindow;
  /** Published answers as bytes, at most a second old. */
  readonly published: PublishedCache;
  /** What takes mails to their readers: only services/mail sends. */
  readonly mailer: Mailer;
  readonly metrics: Metrics;
  close(): Promise<void>;
}

/** Opens the database and makes the shared parts. `url` wins over the settings' own (the embedded server's, say). */
export function createSystem(config: Config, log: Logger, url: string): System {
  const passSigner = openPassSigner(config); // before anything is open that would have to be closed
  const db = openDatabase({
    url,
    poolSize: config.DATABASE_POOL,
    onError: (err) => log.warn({ err }, 'a database connection broke'),
  });
  const onError = (err: Error) => log.warn({ err }, 'requests are not counted: Redis does not answer');
  const redis = config.REDIS_URL ? new RedisWindow({ url: config.REDIS_URL, onError }) : undefined;
  const auth = new AuthState(db, config);
  const system: System = {
    config,
    publicUrl: config.PUBLIC_URL?.replace(/\/+$/, '') ?? `http://${config.HOST}:${config.PORT}`,
    db,
    log,
    auth,
    accessWatch: new AccessWatch(auth),
    offers: new OfferCache(),
    eventIds: new LRUCache({ max: 10_000 }), // the cache takes its room at once, as the others do
    seatLabels: new SeatLabels(),
    stock: new StockFigures(),
    mirrors: new Mirrors(),
    streams: new LiveStreams({ ...AVAILABILITY_STREAMS, log }),
    holds: new Map(),
    queueJoins: new Map(),
    queueRounds: new LRUCache({ max: 1_000 }),
    overdue: overdueQueue(() => system),
    ticketKeys: new TicketKeyring(db),
    rotatingEvents: new RotatingEvents(),
    passSigner,
    doors: new Doors(),
    doorStreams: new LiveStreams({ ...DOOR_STREAMS, log }),
    scans: new Map(),
    paymentProviders: paymentProviders(config),
    payments: paymentQueues(() => system),
    jobWaits: openJobWaits(db),
    feed: new FeedWaits(() => system),
    rateWindow: redis ?? new MemoryWindow(),
    published: new PublishedCache(),
    mailer: createMailer(config, log),
    metrics: new Metrics(db.pool),
    async close() {
      system.mailer.close();
      await redis?.close();
      await db.close();
    },
  };
  return system;
}
