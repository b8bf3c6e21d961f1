import bcrypt from 'bcrypt';
import type { Config } from '../../config.ts';
import { MAX_PASSWORD_BYTES } from '../../schemas/users.ts';
import { createGate } from '../gate.ts';

// bcrypt works in libuv's pool of four threads, which verifies signatures and reads files as well: one stays free.
const gate = createGate({ atOnce: 3, waiting: 60 });

/**
 * Takes some 200 ms of another thread: never inside a transaction.
 * @param password at most 72 bytes
 * @throws AppError service_unavailable when too many wait for their turn
 */
export const hashPassword = (password: string, { BCRYPT_COST }: Config): Promise<string> =>
  gate(() => bcrypt.hash(password, BCRYPT_COST));

/**
 * Compares a password; a user who does not exist (no hash) takes as long as one who does.
 * @throws AppError service_unavailable when too many wait for their turn
 */
export async function verifyPassword(
  password: string,
  hash: string | undefined,
  { BCRYPT_COST }: Config,
): Promise<boolean> {
  const tooLong = Buffer.byteLength(password) > MAX_PASSWORD_BYTES;
  const equal = await gate(() => bcrypt.compare(password, hash ?? nobodysHash(BCRYPT_COST)));
  return equal && !tooLong && hash !== undefined;
}

/** The form of a hash of that cost, which no password is known for. */
const nobodysHash = (cost: number): string => `$2b$${String(cost).padStart(2, '0')}$${'.'.repeat(53)}`;
