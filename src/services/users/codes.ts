import { createHash, randomInt } from 'node:crypto';

/** No vowels and nothing that looks like something else: easy to read out, and spells no word. */
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ23456789';

const draw = (length: number): string =>
  Array.from({ length }, () => LETTERS[randomInt(LETTERS.length)]).join('');

/** A code to be typed, good for a few tries: `BCDF-GHJK`. */
export const shortCode = (): string => `${draw(4)}-${draw(4)}`;

/** A code that stands for itself and cannot be guessed: some 154 bits. */
export const longCode = (): string => draw(32);

/** What is kept of a code. Case, spaces and hyphens do not matter. */
export const hashOfCode = (code: string): Buffer =>
  createHash('sha256').update(code.toUpperCase().replace(/[\s-]/g, '')).digest();

/** Minutes that a code is good for. */
export const CODE_MINUTES = 30;
