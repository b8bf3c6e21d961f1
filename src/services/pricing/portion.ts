/** A whole, in the unit of rates: hundredths of a percent. */
export const WHOLE = 10_000;

/**
 * `amount × part / whole` in whole minor units, halves rounded up. Exact for every size: the product of two 32-bit
 * numbers does not fit a double.
 * @param amount minor units, not negative
 */
export function portion(amount: number, part: number, whole = WHOLE): number {
  if (amount === 0 || part === 0) return 0;
  const divisor = BigInt(whole);
  return Number((2n * BigInt(amount) * BigInt(part) + divisor) / (2n * divisor));
}

/** A rate as people write it: 750 → `7.5 %`. */
export function percent(rate: number): string {
  return `${rate / 100} %`;
}
