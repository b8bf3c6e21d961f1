import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { Redis } from 'ioredis';

/** Whether `redis-server` is on the PATH. */
export const redisInstalled = spawnSync('redis-server', ['--version']).status === 0;

/** A port of 127.0.0.1 that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no TCP address');
  return address.port;
}

/** Starts a Redis that keeps nothing on disk, and waits until it answers. */
export async function startRedis(port: number): Promise<ChildProcess> {
  const nothingOnDisk = ['--save', '', '--appendonly', 'no', '--dir', '/tmp'];
  const server = spawn('redis-server', ['--bind', '127.0.0.1', '--port', String(port), ...nothingOnDisk], {
    stdio: 'ignore',
  });
  const redis = new Redis(port, '127.0.0.1', { retryStrategy: () => 20, maxRetriesPerRequest: null });
  redis.on('error', () => {}); // refused until it listens
  await redis.ping();
  redis.disconnect();
  return server;
}

/** Ends a Redis started here and waits until it is gone. */
export async function stopRedis(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const gone = once(server, 'exit');
  server.kill('SIGKILL');
  await gone;
}
