import bcrypt from 'bcrypt';
import { describe, expect, test } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import { createGate } from '../../../src/services/gate.ts';
import { hashPassword, verifyPassword } from '../../../src/services/users/password-hash.ts';

const config = readConfig({ BCRYPT_COST: '9' });

describe('passwords', () => {
  test('are hashed with the cost that is set, each with its own salt', async () => {
    const [a, b] = await Promise.all([hashPassword('päss wörd', config), hashPassword('päss wörd', config)]);
    expect(bcrypt.getRounds(a)).toBe(9);
    expect(a).not.toBe(b);
    expect(await verifyPassword('päss wörd', a, config)).toBe(true);
    expect(await verifyPassword('pass word', a, config)).toBe(false);
    expect(await verifyPassword('päss wörd ', a, config)).toBe(false);
  });

  test('of nobody are compared for as long as those of a user, and are never right', async () => {
    const hash = await hashPassword('right', config);
    const took = async (of: string | undefined) => {
      const began = performance.now();
      expect(await verifyPassword('wrong', of, config)).toBe(false);
      return performance.now() - began;
    };
    let [known, unknown] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let i = 0; i < 8; i += 1) {
      known = Math.min(known, await took(hash));
      unknown = Math.min(unknown, await took(undefined));
    }
    expect(unknown / known).toBeGreaterThan(0.6);
    expect(unknown / known).toBeLessThan(1.6);
  });

  test('are compared while the event loop goes on', async () => {
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 1);
    const slow = readConfig({ BCRYPT_COST: '12' });
    await verifyPassword('wrong', undefined, slow);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(20);
  });

  test('beyond what the threads can take at once and in a queue are refused with 503', async () => {
    const many = Array.from({ length: 70 }, () =>
      verifyPassword('wrong', undefined, readConfig({ BCRYPT_COST: '4' })),
    );
    const outcomes = await Promise.allSettled(many);
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused).toHaveLength(7);
    expect(refused[0]?.reason).toMatchObject({
      code: 'service_unavailable',
      headers: { 'retry-after': '1' },
    });
  });
});

describe('a gate', () => {
  test('lets so many run at once, the rest in order, also past failures', async () => {
    const gate = createGate({ atOnce: 2, waiting: 10 });
    const began: number[] = [];
    let running = 0;
    let most = 0;
    const work = (i: number) => async () => {
      began.push(i);
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running -= 1;
      if (i % 3 === 0) throw new Error('failed');
      return i;
    };
    const outcomes = await Promise.allSettled(Array.from({ length: 12 }, (_, i) => gate(work(i))));
    expect(most).toBe(2);
    expect(began).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(4);
    expect(await gate(work(1))).toBe(1);
  });
});
