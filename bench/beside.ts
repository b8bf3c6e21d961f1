import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench } from './paths.ts';

/** What others felt of some work of the server. */
export interface Felt<T> {
  result: T;
  ms: number;
  /** The slowest answer to another request meanwhile, milliseconds. */
  slowest: number;
  /** The longest that the server's event loop stood still, milliseconds. */
  delay: number;
}

const EVERY_MS = 5;

/** Does something with the server while somebody else keeps asking it for an event. */
export async function beside<T>({ api, token, world }: Bench, work: () => Promise<T>): Promise<Felt<T>> {
  const ask = async () => {
    const began = performance.now();
    const answer = await fetch(`${api.url}/events/${world.reading.event_id}`, {
      headers: { Authorization: `Bearer ${token}` },
    });
    await answer.arrayBuffer();
    if (answer.status !== 200) throw new Error(`an event answered ${answer.status}`);
    return performance.now() - began;
  };
  await ask();
  await api.ask('delay');
  let slowest = 0;
  let done = false;
  const asking = (async () => {
    while (!done) {
      slowest = Math.max(slowest, await ask());
      await sleep(EVERY_MS);
    }
  })();
  const began = performance.now();
  const result = await work();
  const ms = performance.now() - began;
  done = true;
  await asking;
  const { delay } = await api.ask<{ delay: number }>('delay');
  return { result, ms, slowest, delay };
}
