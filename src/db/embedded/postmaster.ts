import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Binaries, ServerUser } from './binaries.ts';
import { type Cluster, identity, serverEnvironment } from './cluster.ts';
import { holds, joinLifeline, type Lifeline, letGo, makeLifeline } from './lifeline.ts';

/** A running server and this process's hold on it. */
export interface Postmaster {
  pid: number;
  port: number;
  /** This process started it. */
  owned: boolean;
  lifeline: Lifeline;
  /** Settles when the server is gone. */
  exited: Promise<void>;
}

// The first argument is the pipe's name, the rest is the server's command line; the pipe itself is the input.
const SUPERVISE = [
  'pipe=$1; shift',
  'exec 3<&0',
  '"$@" 3<&- </dev/null & pg=$!',
  '{ while read -r _; do :; done; kill -INT $pg; } <&3 2>/dev/null & watch=$!',
  'exec 3<&- </dev/null',
  'wait $pg; rc=$?',
  'kill $watch 2>/dev/null',
  'rm -f "$pipe"',
  'exit $rc',
].join('\n');

const POLL_MS = 10;
const WAIT_MS = 10_000;

/** What another start of ours, or a port taken meanwhile, makes PostgreSQL say: worth another attempt. */
const RETRY = /postmaster\.pid" already exists|Address already in use|could not create any TCP/;

/**
 * Joins the server that already runs on this cluster, if there is one. Waits up to 10 s for one that is starting or
 * stopping, and removes a pid file whose process is no PostgreSQL any more.
 */
export async function joinPostmaster({ data }: Cluster): Promise<Postmaster | undefined> {
  const found = readPidFile(data);
  if (!found) return undefined;
  const patience = performance.now() + WAIT_MS;
  while (isPostmasterOf(found.pid, data) && performance.now() < patience) {
    const lifeline = readPidFile(data)?.status === 'ready' ? joinLifeline(data, found.port) : undefined;
    if (lifeline) {
      await sleep(5 * POLL_MS); // a supervisor that has just seen the end needs a moment to act on it
      if (holds(lifeline) && readPidFile(data)?.status === 'ready' && (await answers(found.port))) {
        return { pid: found.pid, port: found.port, owned: false, lifeline, exited: new Promise(() => {}) };
      }
      letGo(lifeline);
    }
    await sleep(5 * POLL_MS);
  }
  // After a restart of the machine the pid may be anybody's; PostgreSQL itself would take it for a running server.
  if (readPidFile(data)?.pid === found.pid && isAlive(found.pid) && !isPostmasterOf(found.pid, data)) {
    fs.rmSync(path.join(data, 'postmaster.pid'), { force: true });
  }
  return undefined;
}

/**
 * Starts the server and waits until it takes connections.
 * @returns undefined when it should be tried again: its port was taken, or another process started the cluster
 * @throws Error with the server's own words when it cannot start
 */
export async function startPostmaster(
  cluster: Cluster,
  binaries: Binaries,
  user: ServerUser | undefined,
  settings: Record<string, string>,
): Promise<Postmaster | undefined> {
  const port = await freePort();
  const logFile = path.join(cluster.base, `server-${process.pid}.log`);
  const log = fs.openSync(logFile, 'w');
  const { lifeline, readEnd } = makeLifeline(cluster.data, port);
  const child = spawn(
    '/bin/sh',
    [
      ...['-c', SUPERVISE, 'sh', lifeline.file, path.join(binaries.folder, 'bin/postgres')],
      ...['-D', cluster.data, '-p', String(port)],
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    {
      cwd: cluster.data,
      env: serverEnvironment(cluster.base),
      detached: true, // the terminal's Ctrl-C is for us; the server goes when we do
      stdio: [readEnd, log, log],
      ...identity(user),
    },
  );
  fs.closeSync(log);
  fs.closeSync(readEnd);
  let ended = false;
  const exited = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => {
      ended = true;
      resolve();
    });
  });
  while (!ended) {
    const file = readPidFile(cluster.data);
    if (file?.port === port && file.status === 'ready') {
      fs.renameSync(logFile, path.join(cluster.base, 'server.log')); // PostgreSQL writes on to the open file
      child.unref(); // the server must not keep this process alive
      return { pid: file.pid, port, owned: true, lifeline, exited };
    }
    await Promise.race([sleep(POLL_MS), exited]);
  }
  fs.closeSync(lifeline.hold);
  const said = fs.readFileSync(logFile, 'utf8');
  fs.rmSync(logFile);
  if (RETRY.test(said)) return undefined;
  throw new Error(`PostgreSQL did not start:\n${said}`);
}

/** Lets go of the server; if nobody else uses it, it stops, and this resolves when it is gone. */
export async function leavePostmaster({ pid, lifeline }: Postmaster, { data }: Cluster): Promise<void> {
  if (!letGo(lifeline)) return;
  while (isPostmasterOf(pid, data)) await sleep(POLL_MS);
}

/** Lines of postmaster.pid: 1 the pid, 4 the port, 8 the status. */
function readPidFile(data: string): { pid: number; port: number; status: string } | undefined {
  try {
    const lines = fs.readFileSync(path.join(data, 'postmaster.pid'), 'utf8').split('\n');
    return { pid: Number(lines[0]), port: Number(lines[3]), status: (lines[7] ?? '').trim() };
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** A postmaster's working directory is its data directory. */
function isPostmasterOf(pid: number, data: string): boolean {
  if (!isAlive(pid)) return false;
  try {
    if (fs.existsSync('/proc/self')) return fs.realpathSync(`/proc/${pid}/cwd`) === fs.realpathSync(data);
    return /postgres/.test(execFileSync('ps', ['-p', String(pid), '-o', 'comm='], { encoding: 'utf8' }));
  } catch {
    return false;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** Whether a PostgreSQL answers an SSLRequest on this port: it does so before it takes connections. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
    const socket = net.connect(port, '127.0.0.1', () => socket.write(request));
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket
      .once('data', () => settle(true))
      .once('error', () => settle(false))
      .setTimeout(1_000, () => settle(false));
  });
}
