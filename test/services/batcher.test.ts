import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CommitUnknown } from '../../src/db/errors.ts';
import { type Batcher, batcher, type Outcome } from '../../src/services/batcher.ts';

/** A batch that was begun, to be ended by the test. */
interface Begun {
  commands: number[];
  end(outcomes?: Outcome<string>[]): void;
  fail(error: Error): void;
}

let begun: Begun[];
const batchesOf = () => begun.map(({ commands }) => commands);

function queue(maxInFlight: number, maxSize = 100): Batcher<number, string> {
  return batcher<number, string>({
    maxInFlight,
    maxSize,
    execute: (commands) =>
      new Promise((resolve, reject) => {
        const made = commands.map((n) => ({ result: `did ${n}` }));
        begun.push({ commands, end: (outcomes = made) => resolve(outcomes), fail: reject });
      }),
  });
}

/** Lets everything that is due now happen. */
const settle = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  begun = [];
  vi.useFakeTimers();
});
afterEach(() => void vi.useRealTimers());

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe('commands', () => {
  it('of one turn go together, and each gets its own outcome', async () => {
    const submit = queue(1);
    const done = Promise.allSettled([submit(1), submit(2), submit(3)]);
    await settle();
    expect(batchesOf()).toEqual([[1, 2, 3]]);
    begun[0]?.end([{ result: 'one' }, { refusal: new Error('no') }, { result: 'three' }]);
    expect(await done).toEqual([
      { status: 'fulfilled', value: 'one' },
      { status: 'rejected', reason: new Error('no') },
      { status: 'fulfilled', value: 'three' },
    ]);
  });

  it('that come while the only batch is under way wait for its end, however long, and go together', async () => {
    const submit = queue(1, 3);
    const done = range(1, 6).map(submit);
    await settle();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(batchesOf()).toEqual([[1, 2, 3]]);
    begun[0]?.end();
    await settle();
    expect(batchesOf()).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    begun[1]?.end();
    expect(await Promise.all(done)).toEqual(range(1, 6).map((n) => `did ${n}`));
  });
});

describe('beside a batch under way another', () => {
  it('starts when it is as large', async () => {
    const submit = queue(2);
    const done = range(1, 4).map(submit);
    await settle();
    done.push(...range(5, 7).map(submit));
    await settle();
    expect(batchesOf()).toEqual([[1, 2, 3, 4]]);
    done.push(submit(8), submit(9));
    await settle();
    expect(batchesOf()).toEqual([
      [1, 2, 3, 4],
      [5, 6, 7, 8, 9],
    ]);
    done.push(...range(10, 30).map(submit)); // no third
    await vi.advanceTimersByTimeAsync(10_000);
    expect(begun).toHaveLength(2);
    for (const batch of begun) batch.end();
    await settle();
    expect(batchesOf()[2]).toEqual(range(10, 30));
    begun[2]?.end();
    expect(await Promise.all(done)).toEqual(range(1, 30).map((n) => `did ${n}`));
  });

  it('starts at the end of the one under way, whatever its size', async () => {
    const submit = queue(2);
    void Promise.all(range(1, 4).map(submit));
    await settle();
    void submit(5);
    await settle();
    begun[0]?.end();
    await settle();
    expect(batchesOf()).toEqual([[1, 2, 3, 4], [5]]);
  });

  it('waits no longer than 50 ms, for the one under way may hang on a lock', async () => {
    const submit = queue(2);
    void Promise.all(range(1, 4).map(submit));
    await settle();
    void submit(5);
    await vi.advanceTimersByTimeAsync(49);
    expect(begun).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(batchesOf()).toEqual([[1, 2, 3, 4], [5]]);
  });
});

describe('a batch that fails', () => {
  it('is run again command by command: one cannot fail its neighbours', async () => {
    const submit = queue(1);
    const done = Promise.allSettled([submit(1), submit(2)]);
    await settle();
    begun[0]?.fail(new Error('poisoned'));
    await settle();
    begun[1]?.fail(new Error('poisoned'));
    await settle();
    begun[2]?.end();
    expect(batchesOf()).toEqual([[1, 2], [1], [2]]);
    expect(await done).toEqual([
      { status: 'rejected', reason: new Error('poisoned') },
      { status: 'fulfilled', value: 'did 2' },
    ]);
  });

  it('and may have been committed is not run again', async () => {
    const submit = queue(1);
    const done = Promise.allSettled([submit(1), submit(2)]);
    await settle();
    const unknown = new CommitUnknown('the connection broke');
    begun[0]?.fail(unknown);
    expect(await done).toEqual([
      { status: 'rejected', reason: unknown },
      { status: 'rejected', reason: unknown },
    ]);
    expect(begun).toHaveLength(1);
  });
});
