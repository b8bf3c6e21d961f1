import type { Tx } from '../../../db/transaction.ts';
import { AppError } from '../../../errors.ts';
import { liveTicketsOf, mailLiveCodes } from '../../tickets/mail-live.ts';
import type { EventRecord } from '../lock.ts';

/**
 * Codes of an event are to rotate from now on. Whatever was printed or saved of them lets nobody in any more: while tickets
 * are out somebody must say that this is meant, and their owners are told where the live ones are. The caller has the event
 * alone.
 * @throws AppError conflict with the number of tickets that are out, unless it is meant
 */
export async function beginRotation(
  tx: Tx,
  { company_id, id }: Pick<EventRecord, 'company_id' | 'id'>,
  meant: boolean,
): Promise<void> {
  if (meant) return mailLiveCodes(tx, company_id, id);
  const tickets = await liveTicketsOf(tx, company_id, id);
  if (tickets)
    throw new AppError(
      'conflict',
      `${tickets} tickets are out: what was printed of them would let nobody in. Say end_printed_codes if that is meant.`,
      { tickets, needed: 'end_printed_codes' },
    );
}
