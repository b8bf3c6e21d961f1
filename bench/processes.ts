import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Server {
  url: string;
  /** Sends a message and waits for the next answer. */
  ask<Answer>(message: string): Promise<Answer>;
  stop(): Promise<void>;
}

/** How `npm start` has Node run the server: its heap is kept small. */
const NODE_OPTIONS = (() => {
  const { scripts } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return (scripts.start as string).split(' ').filter((word) => word.startsWith('--'));
})();

/**
 * Starts a server of the bench, compiled and run as the real one is, in a process of its own, so that it does not share the event
 * loop of the measuring.
 */
export async function startServer(name: string, env: Record<string, string> = {}): Promise<Server> {
  const child = fork(new URL(`../dist/bench/${name}.js`, import.meta.url), {
    execArgv: NODE_OPTIONS,
    env: { ...process.env, ...env },
  });
  const { port } = await next<{ port: number }>(child);
  return {
    url: `http://127.0.0.1:${port}`,
    ask(message) {
      const answer = next<never>(child);
      child.send(message);
      return answer;
    },
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill('SIGKILL');
      }),
  };
}

function next<Message>(child: ChildProcess): Promise<Message> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`a server of the bench ended with ${code}`));
    child.once('exit', ended);
    child.once('message', (message) => {
      child.off('exit', ended);
      resolve(message as Message);
    });
  });
}
