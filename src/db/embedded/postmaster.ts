import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Binaries, ServerUser } from './binaries.ts';
import { type Cluster, identity, serverEnvironment } from './cluster.ts';

/** A server that this process started. */
export interface Postmaster {
  port: number;
  child: ChildProcess;
  exited: Promise<void>;
}

// The server's life is tied to ours by a pipe: when this process goes, even by kill -9, `cat` sees the end of its
// input and PostgreSQL gets the signal for a fast shutdown.
const SUPERVISE = [
  'exec 3<&0',
  '"$@" 3<&- </dev/null & pg=$!',
  '{ cat <&3 >/dev/null; kill -INT $pg; } 2>/dev/null & watch=$!',
  'exec 3<&-',
  'wait $pg; rc=$?',
  'kill $watch 2>/dev/null',
  'exit $rc',
].join('\n');

/** What another start of ours, or a port taken meanwhile, makes PostgreSQL say: worth another attempt. */
const RETRY = /postmaster\.pid" already exists|Address already in use|could not create any TCP/;

/**
 * The port of the server that already runs on this cluster, if there is one that answers. Waits up to 5 s for one
 * that is starting or stopping, and removes a pid file whose process is no PostgreSQL any more.
 */
export async function runningPort({ data }: Cluster): Promise<number | undefined> {
  const found = readPidFile(data);
  if (!found) return undefined;
  for (let attempt = 0; attempt < 50 && isPostmasterOf(found.pid, data); attempt++) {
    if (readPidFile(data)?.status === 'ready' && (await answers(found.port))) return found.port;
    await sleep(100);
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
  const child = spawn(
    '/bin/sh',
    [
      ...['-c', SUPERVISE, 'sh', path.join(binaries.folder, 'bin/postgres')],
      ...['-D', cluster.data, '-p', String(port)],
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    {
      cwd: cluster.data,
      env: serverEnvironment(cluster.base),
      detached: true, // the terminal's Ctrl-C is for us; the server goes when we do
      stdio: ['pipe', log, log],
      ...identity(user),
    },
  );
  fs.closeSync(log);
  child.stdin?.on('error', () => {}); // the server may go first
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
      detach(child);
      return { port, child, exited };
    }
    await Promise.race([sleep(10), exited]);
  }
  const said = fs.readFileSync(logFile, 'utf8');
  fs.rmSync(logFile);
  if (RETRY.test(said)) return undefined;
  throw new Error(`PostgreSQL did not start:\n${said}`);
}

/** Ends the server by closing the pipe that keeps it; resolves when it is gone. */
export async function stopPostmaster({ child, exited }: Postmaster): Promise<void> {
  child.ref();
  child.stdin?.end();
  await exited;
}

/** The server must not keep this process alive. */
function detach(child: ChildProcess): void {
  child.unref();
  if (child.stdin instanceof net.Socket) child.stdin.unref();
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
