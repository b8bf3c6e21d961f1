import fc from 'fast-check';
import { expect, it } from 'vitest';
import { spread } from '../../../src/services/refunds/plan.ts';

const MAX_INT = 2_147_483_647;

it('splits any amount exactly, in proportion, and no part above its weight', () => {
  const weights = fc.array(fc.integer({ min: 0, max: MAX_INT }), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(weights, fc.double({ min: 0, max: 1, noNaN: true }), (weights, share) => {
      const whole = weights.reduce((sum, weight) => sum + weight, 0);
      const amount = Math.floor(whole * share);
      const parts = spread(amount, weights);
      expect(parts.reduce((sum, part) => sum + part, 0)).toBe(whole ? amount : 0);
      parts.forEach((part, i) => {
        const weight = weights[i] as number;
        expect(part).toBeGreaterThanOrEqual(0);
        expect(part).toBeLessThanOrEqual(weight);
        if (whole) expect(Math.abs(part - (amount / whole) * weight)).toBeLessThan(1.001);
      });
    }),
  );
});
