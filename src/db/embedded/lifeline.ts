import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const { O_RDONLY, O_WRONLY, O_RDWR, O_NONBLOCK } = fs.constants;

/**
 * What keeps a server alive: a named pipe that its supervisor reads and every process that uses the server holds open
 * for writing. When the last of them goes, even by kill -9, the supervisor sees the end and stops the server.
 */
export interface Lifeline {
  file: string;
  /** This process's hold on it. */
  hold: number;
}

/** One for each start of a server; beside the cluster's files, where the server's user may remove it. */
const fileOf = (data: string, port: number): string => path.join(data, `lifeline-${port}`);

/**
 * Makes the pipe of a server that is about to start.
 * @returns with the end that the supervisor reads, to be closed here once it has it
 */
export function makeLifeline(data: string, port: number): { lifeline: Lifeline; readEnd: number } {
  const file = fileOf(data, port);
  fs.rmSync(file, { force: true }); // of a server killed together with its supervisor
  execFileSync('mkfifo', ['-m', '600', file]);
  const both = fs.openSync(file, O_RDWR); // else the next open would wait for the other end
  const readEnd = fs.openSync(file, O_RDONLY);
  const hold = fs.openSync(file, O_WRONLY);
  fs.closeSync(both);
  return { lifeline: { file, hold }, readEnd };
}

/** Takes hold of a running server; undefined when nobody watches its pipe any more: it is stopping. */
export function joinLifeline(data: string, port: number): Lifeline | undefined {
  const file = fileOf(data, port);
  try {
    return { file, hold: fs.openSync(file, O_WRONLY | O_NONBLOCK) };
  } catch {
    return undefined;
  }
}

/** False when the supervisor had already seen the end as we took hold. */
export function holds({ hold }: Lifeline): boolean {
  try {
    return fs.writeSync(hold, '\n') === 1;
  } catch {
    return false;
  }
}

/** @returns whether this was the last hold, so that the server stops now */
export function letGo({ file, hold }: Lifeline): boolean {
  let probe: number;
  try {
    probe = fs.openSync(file, O_RDONLY | O_NONBLOCK);
  } catch {
    fs.closeSync(hold);
    return true; // the server has gone before
  }
  fs.closeSync(hold);
  try {
    return fs.readSync(probe, Buffer.alloc(1)) === 0; // an end means that nobody holds it any more
  } catch {
    return false;
  } finally {
    fs.closeSync(probe);
  }
}
