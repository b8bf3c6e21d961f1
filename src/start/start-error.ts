import { ConfigError } from '../config.ts';
import { MigrationError } from '../db/migrate.ts';

/** The server cannot start for a reason that its operator can do something about; the message is one line. */
export class StartError extends Error {}

/** What to tell the operator: one line where the reason is known, everything there is where it is not. */
export function explain(error: unknown): string {
  const known =
    error instanceof StartError || error instanceof ConfigError || error instanceof MigrationError;
  if (known || isSystemError(error)) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** The system's own words name the file and what is wrong with it. */
const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error;

/** Why a connection failed, in words. A host with several addresses fails with several errors, and no message. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  switch (code) {
    case 'ECONNREFUSED':
      return 'nothing listens there';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'the host is not known';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'the host cannot be reached';
    default:
      return message?.split('\n')[0] || code || 'unknown reason';
  }
}
