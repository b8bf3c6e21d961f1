import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { inProject } from '../../src/paths.ts';

const START_MS = 120_000;

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
  return { child, stdout: () => output.stdout, stderr: () => output.stderr, exited };
}

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Waits for a program to end by itself. */
export async function ended({ exited, stdout, stderr }: Program): Promise<Ended> {
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
