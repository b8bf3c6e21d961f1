import { AppError, type ProblemCode } from '../errors.ts';

/** Constraints whose violation is a client's mistake rather than ours, by name. */
const CONSTRAINTS: Record<string, [ProblemCode, string]> = {
  user_email_taken: ['email_taken', 'A user with this e-mail address exists already.'],
  category_company_id_code_key: ['conflict', 'Another category has this code.'],
  // Only where one of them came or went in the very moment: services look first, and say more.
  event_company_id_category_id_fkey: ['conflict', 'The category is in use, or has just been deleted.'],
  event_company_id_venue_id_fkey: ['conflict', 'The venue is in use, or has just been deleted.'],
  map_company_id_venue_id_fkey: ['conflict', 'The venue is in use, or has just been deleted.'],
  event_map_company_id_map_id_fkey: ['conflict', 'The map is in use, or has just been deleted.'],
  event_company_id_slug_key: ['conflict', 'Another event has this slug.'],
};

/**
 * SQLSTATEs that mean "try again": lock and statement timeouts, deadlock, serialization, too many connections; and
 * Prisma's own codes for a server that is not there, or no longer.
 */
const RETRYABLE = new Set([
  ...['55P03', '57014', '40P01', '40001', '53300', '57P01', '57P02', '57P03', '25P03'],
  ...['P1001', 'P1002', 'P1008', 'P1017'],
]);

interface DatabaseError {
  code?: string;
  severity?: string;
  constraint?: string;
  meta?: { driverAdapterError?: { cause?: { constraint?: { index?: string }; originalCode?: string } } };
}

/** The connection broke while a commit was under way: all of it happened or none, and nobody here knows which. */
export class CommitUnknown extends AppError {
  constructor(cause: unknown) {
    super(
      'service_unavailable',
      'It is not known whether this was carried out: look, or repeat it with the same Idempotency-Key.',
      {},
      { 'retry-after': '1' },
    );
    this.cause = cause;
  }
}

/** What a failed COMMIT means: an ERROR of the server has undone the transaction, anything else is not known. */
export const commitFailure = (error: unknown): unknown =>
  (error as DatabaseError).severity === 'ERROR' ? error : new CommitUnknown(error);

/** Turns what PostgreSQL or Prisma threw into what a client may be told; anything else comes back as it is. */
export function translateDatabaseError(error: unknown): unknown {
  if (error instanceof AppError || !(error instanceof Error)) return error;
  const { code, constraint, meta } = error as DatabaseError;
  const cause = meta?.driverAdapterError?.cause;
  const known = CONSTRAINTS[constraint ?? cause?.constraint?.index ?? ''];
  if (known) return new AppError(...known);
  if (RETRYABLE.has(cause?.originalCode ?? code ?? '') || isConnectionLoss(error)) {
    const refusal = new AppError(
      'service_unavailable',
      'The server is busy; try again.',
      {},
      { 'retry-after': '1' },
    );
    refusal.cause = error;
    return refusal;
  }
  return error;
}

function isConnectionLoss(error: Error): boolean {
  return (
    /Connection terminated|is not queryable|ECONNREFUSED|ECONNRESET|timeout exceeded when trying to connect/.test(
      error.message,
    ) || ['ECONNREFUSED', 'ECONNRESET'].includes((error as DatabaseError).code ?? '')
  );
}
