import { setTimeout as sleep } from 'node:timers/promises';
import { findBinaries, serverUser } from './embedded/binaries.ts';
import { clusterFolder, openCluster } from './embedded/cluster.ts';
import { joinPostmaster, leavePostmaster, startPostmaster } from './embedded/postmaster.ts';

const ATTEMPTS = 10;

const COMMON = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '128MB',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  wal_level: 'minimal',
  max_wal_senders: '0',
};

const PROFILES = {
  /** Tables that grow within seconds are counted within seconds: until then plans take them for small. */
  durable: { synchronous_commit: 'on', autovacuum_naptime: '5s' },
  /** For databases that live as long as a test run: nothing survives a crash of the machine. */
  test: {
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
    autovacuum: 'off',
    checkpoint_timeout: '1h',
    max_wal_size: '4GB',
  },
};

export interface EmbeddedOptions {
  /** Folder for the cluster and its log; made if it is not there. */
  folder: string;
  /** `durable` (the default): a commit is on the disk before it is answered. */
  profile?: keyof typeof PROFILES;
  /** PostgreSQL settings over the profile's. */
  settings?: Record<string, string>;
}

export interface EmbeddedPostgres {
  readonly port: number;
  /** This process started the server; otherwise it joined one that ran. */
  readonly owned: boolean;
  /** The cluster was made by this start. */
  readonly fresh: boolean;
  /** Where the cluster really is: elsewhere than asked when root's folder is closed to the server's user. */
  readonly folder: string;
  /** Connection string of a database, `postgres` unless told. */
  url(database?: string): string;
  /** Lets go of the server; it stops when nobody uses it any more, and then this resolves when it is gone. */
  stop(): Promise<void>;
  /** Settles when an owned server is gone, whatever the reason; never for a joined one. */
  readonly exited: Promise<void>;
}

/**
 * A real PostgreSQL without any installation, on a free port of 127.0.0.1. A folder has one server at most: a second
 * start joins the first. The server ends with the last process that uses it, however that ends.
 * @throws Error when the platform has no binaries, or the server cannot start; the message holds its own words
 */
export async function startEmbeddedPostgres({
  folder,
  profile = 'durable',
  settings = {},
}: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const user = serverUser();
  const binaries = findBinaries(user);
  const base = clusterFolder(folder, user);
  const cluster = await openCluster(base, binaries, user, profile === 'durable');
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const server =
      (await joinPostmaster(cluster)) ??
      (await startPostmaster(cluster, binaries, user, { ...COMMON, ...PROFILES[profile], ...settings }));
    if (server) {
      const { port, owned, exited } = server;
      let left: Promise<void> | undefined;
      return {
        ...{ port, owned, exited, fresh: cluster.fresh, folder: base },
        url: (database = 'postgres') =>
          `postgresql://postgres:${cluster.password}@127.0.0.1:${port}/${database}`,
        stop() {
          left ??= leavePostmaster(server, cluster);
          return left;
        },
      };
    }
    await sleep(100);
  }
  throw new Error(`PostgreSQL did not start in ${base} after ${ATTEMPTS} attempts`);
}
