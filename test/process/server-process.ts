import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { inProject } from '../../src/paths.ts';

/** For tests of whole processes: each takes seconds to start where others work as well. */
export const SLOW = 300_000;
const START_MS = 120_000;

const programs: Program[] = [];

/** A folder of this file's own. When its tests are over, it goes, and so does every program that still runs. */
export function useFolder(): { readonly folder: string } {
  const made = { folder: '' };
  beforeAll(() => {
    made.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'process-'));
    fs.chmodSync(made.folder, 0o755); // the database server's user must get in when root starts it
  });
  afterAll(async () => {
    for (const program of programs) await stop(program, 'SIGKILL');
    fs.rmSync(made.folder, { recursive: true, force: true });
  });
  return made;
}

/** A program of ours in a process of its own. */
export interface Program {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves with the exit code; null when a signal ended it. */
  readonly exited: Promise<number | null>;
}

export interface Identity {
  uid: number;
  gid: number;
}

/** Nothing of the caller's environment but what finds programs and a home. */
export function run(
  script: string,
  env: Record<string, string>,
  { args = [], as }: { args?: string[]; as?: Identity | undefined } = {},
): Program {
  const child = spawn(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), inProject(script), ...args],
    {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, BCRYPT_COST: '4', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...as,
    },
  );
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream]?.on('data', (chunk) => {
      output[stream] += chunk;
    });
  const exited = once(child, 'close').then(() => child.exitCode);
  const program = { child, stdout: () => output.stdout, stderr: () => output.stderr, exited };
  programs.push(program);
  return program;
}

/** Runs a program until it ends by itself. */
export async function runToEnd(
  script: string,
  env: Record<string, string>,
  args: string[] = [],
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const { exited, stdout, stderr } = run(script, env, { args });
  const code = await exited;
  return { code, stdout: stdout(), stderr: stderr() };
}

export interface Server extends Program {
  readonly url: string;
  /** Values of the environment file it wrote, in the file's order. */
  readonly environment: Map<string, string>;
}

/** Starts the server as an operator does, on a free port, and waits until it says that it listens. */
export async function startServer(
  folder: string,
  env: Record<string, string> = {},
  as?: Identity,
): Promise<Server> {
  const program = run('src/main.ts', { DATA_DIR: folder, PORT: '0', ...env }, { as });
  let gone = false;
  program.exited.then(() => {
    gone = true;
  });
  await expect
    .poll(() => gone || /Documentation {2}http/.test(program.stdout()), { timeout: START_MS, interval: 50 })
    .toBe(true);
  const [, url] = /Ticketing API {2}(http\S+)/.exec(program.stdout()) ?? [];
  if (!url) throw new Error(`it did not start: ${program.stderr()}${program.stdout()}`);
  return { ...program, url, environment: readEnvironment(folder) };
}

export const environmentPath = (folder: string): string =>
  path.join(folder, 'ticketing-api.postman_environment.json');

function readEnvironment(folder: string): Map<string, string> {
  const file = environmentPath(folder);
  if (!fs.existsSync(file)) return new Map();
  const { values } = JSON.parse(fs.readFileSync(file, 'utf8')) as {
    values: { key: string; value: string }[];
  };
  return new Map(values.map(({ key, value }) => [key, value]));
}

/** @returns how long it took to end, milliseconds */
export async function stop({ child, exited }: Program, signal: NodeJS.Signals = 'SIGTERM'): Promise<number> {
  const began = performance.now();
  if (child.exitCode === null && child.signalCode === null) child.kill(signal);
  await exited;
  return performance.now() - began;
}

/** A text with the names in braces replaced by what the server's environment file says. */
export const fill = (text: string, { environment }: Server): string =>
  text.replace(/\{(\w+)\}/g, (_, name) => environment.get(name) ?? '');

export const bearer = ({ environment }: Server): { authorization: string } => ({
  authorization: `Bearer ${environment.get('access_token')}`,
});

/** Reads an address, filled in, with the token of the server's environment file. */
export const get = (server: Server, address: string): Promise<Response> =>
  fetch(`${server.url}${fill(address, server)}`, { headers: bearer(server) });
