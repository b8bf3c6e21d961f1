import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { type Binaries, fallbackFolder, reachableByAll, type ServerUser } from './binaries.ts';

const PASSWORD_FILE = 'owner-password';

export interface Cluster {
  /** Folder of logs and of the cluster itself. */
  base: string;
  /** PostgreSQL's data directory. */
  data: string;
  /** The password of the superuser `postgres`. */
  password: string;
  /** Made by this call. */
  fresh: boolean;
}

/**
 * Where the cluster will be. Root's own folders are often closed to others (/root): then a folder under /var/lib,
 * the same on every start.
 */
export function clusterFolder(folder: string, user: ServerUser | undefined): string {
  const wanted = path.resolve(folder);
  fs.mkdirSync(wanted, { recursive: true, mode: 0o755 });
  if (!user) return wanted;
  fs.chmodSync(wanted, 0o755);
  if (reachableByAll(wanted)) return wanted;
  const hash = createHash('sha256').update(wanted).digest('hex').slice(0, 12);
  const instead = path.join(fallbackFolder(user), `data-${hash}`);
  fs.mkdirSync(instead, { recursive: true, mode: 0o755 });
  return instead;
}

/**
 * Opens the cluster in a folder, making it first if there is none.
 * @param durable whether the new files must reach the disk before the cluster counts as made
 * @throws Error when the cluster belongs to another user or another major version of PostgreSQL
 */
export async function openCluster(
  base: string,
  binaries: Binaries,
  user: ServerUser | undefined,
  durable: boolean,
): Promise<Cluster> {
  const data = path.join(base, 'data');
  const fresh = !fs.existsSync(data) && (await makeCluster(base, data, binaries, user, durable));
  try {
    const major = fs.readFileSync(path.join(data, 'PG_VERSION'), 'utf8').trim();
    if (major !== binaries.major) {
      throw new Error(
        `${data} was made by PostgreSQL ${major} and this is ${binaries.major}: move its content over, or delete it`,
      );
    }
    const password = fs.readFileSync(path.join(data, PASSWORD_FILE), 'utf8').trim();
    return { base, data, password, fresh };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
    throw new Error(`${data} belongs to another user`, { cause: error });
  }
}

/**
 * Makes it in a scratch folder and renames: there is never half a cluster, and two first starts cannot collide.
 * @returns false when another process was faster
 */
async function makeCluster(
  base: string,
  data: string,
  binaries: Binaries,
  user: ServerUser | undefined,
  durable: boolean,
): Promise<boolean> {
  const scratch = fs.mkdtempSync(path.join(base, 'init-'));
  const cluster = path.join(scratch, 'data');
  const passwordFile = path.join(scratch, PASSWORD_FILE);
  const giveAway = (file: string) => user && fs.chownSync(file, user.uid, user.gid);
  try {
    fs.writeFileSync(passwordFile, randomBytes(32).toString('base64url'), { mode: 0o600 });
    giveAway(passwordFile);
    giveAway(scratch);
    await initialise(binaries, cluster, passwordFile, user, durable);
    fs.renameSync(passwordFile, path.join(cluster, PASSWORD_FILE));
    fs.renameSync(cluster, data);
    if (durable) syncFolder(base);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return false;
    throw error;
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

async function initialise(
  binaries: Binaries,
  cluster: string,
  passwordFile: string,
  user: ServerUser | undefined,
  durable: boolean,
): Promise<void> {
  const args = [
    ...['-D', cluster, '-U', 'postgres', '-E', 'UTF8', '--locale=C'],
    ...['--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
    // One iteration: stretching protects weak passwords, and this one has 256 random bits.
    ...['--auth=scram-sha-256', `--pwfile=${passwordFile}`, '--set', 'scram_iterations=1'],
    ...(durable ? [] : ['--no-sync']),
    '--no-instructions',
  ];
  try {
    await promisify(execFile)(path.join(binaries.folder, 'bin/initdb'), args, {
      cwd: path.dirname(cluster),
      env: serverEnvironment(path.dirname(cluster)),
      ...identity(user),
    });
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`initdb failed: ${stderr ?? error}\n${stdout ?? ''}`, { cause: error });
  }
}

function syncFolder(folder: string): void {
  const fd = fs.openSync(folder, 'r');
  fs.fsyncSync(fd);
  fs.closeSync(fd);
}

/** Nothing of ours reaches the server: its environment holds secrets of the application. */
export const serverEnvironment = (home: string): Record<string, string> => ({
  PATH: '/usr/local/bin:/usr/bin:/bin',
  LC_ALL: 'C',
  TZ: 'UTC',
  HOME: home,
});

export const identity = (user: ServerUser | undefined): { uid?: number; gid?: number } =>
  user ? { uid: user.uid, gid: user.gid } : {};
