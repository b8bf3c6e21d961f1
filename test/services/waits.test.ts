import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Waits } from '../../src/services/waits.ts';

/** A caller who never hangs up. */
const forever = () => new AbortController().signal;

/** Waits for numbers that come about one after another, and what was looked for. */
function counting() {
  const looks: number[][] = [];
  let reached = 0;
  const waits = new Waits<number>(async (waited) => {
    looks.push([...waited]);
    return (what) => what <= reached;
  });
  return { waits, looks, reach: (n: number) => (reached = n) };
}

describe('those who wait', () => {
  it('are looked after together, each until its own has come about, and by nobody afterwards', async () => {
    const { waits, looks, reach } = counting();
    const done: number[] = [];
    const all = Array.from({ length: 50 }, (_, i) =>
      waits.until(1 + (i % 2), 10_000, forever()).then(() => done.push(1 + (i % 2))),
    );
    await sleep(50);
    expect([looks.length, done.length]).toEqual([1, 0]);
    reach(1);
    await expect.poll(() => done).toEqual(Array(25).fill(1));
    expect(looks.at(-1)).toHaveLength(looks.length === 2 ? 50 : 25);
    reach(2);
    await Promise.all(all);
    const before = looks.length;
    await sleep(450);
    expect(looks).toHaveLength(before);
  });

  it('go when their time is over, when they hang up, and when the server shuts down', async () => {
    const { waits } = counting();
    const began = Date.now();
    await waits.until(9, 30, forever());
    const gone = new AbortController();
    setTimeout(() => gone.abort(), 30);
    await waits.until(9, 10_000, gone.signal);
    setTimeout(() => waits.release(), 30);
    await waits.until(9, 10_000, forever());
    await waits.until(9, 10_000, forever()); // nobody waits any more
    expect(Date.now() - began).toBeLessThan(5_000);
    expect(waits.released).toBe(true);
  });

  it('wait on while the database is away for a moment', async () => {
    let looks = 0;
    const waits = new Waits<number>(async () => {
      if (++looks === 1) throw new Error('away');
      return () => true;
    });
    await waits.until(1, 10_000, forever());
    expect(looks).toBe(2);
  });
});
