import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { recordChanges } from '../changes.ts';
import { enqueueMails } from '../mail/enqueue.ts';
import { type CourtesyRecord, courtesyChange } from './row.ts';

const ISSUE = statement(
  'courtesy_ticket_issue',
  `INSERT INTO ticket (company_id, id, event_id, ticket_type_id, courtesy_id, interface_id, section_id, seat_id, user_id,
     first_name, last_name, email, document_number, expires_at)
   SELECT k.company_id, k.ticket_id, k.event_id, k.ticket_type_id, k.id, k.interface_id, k.section_id, k.seat_id, k.user_id,
     k.first_name, k.last_name, k.email, k.document_number, k.expires_at
   FROM courtesy k WHERE k.company_id = $1 AND k.id = ANY($2::uuid[])`,
);

const EVENT = statement(
  'courtesy_event',
  'SELECT name, starts_at, time_zone FROM event WHERE company_id = $1 AND id = $2',
);

/** Writes the tickets of courtesies of one event whose places are taken, sends them to their guests, and tells of them. */
export async function issueTickets(tx: Tx, ctx: Context, rows: readonly CourtesyRecord[]): Promise<void> {
  if (!rows.length) return;
  const issued = await tx.execute(ISSUE, [ctx.company_id, rows.map(({ id }) => id)]);
  if (issued !== rows.length) throw new Error(`issued ${issued} of ${rows.length} tickets`);
  await recordChanges(
    tx,
    rows.flatMap((row) => [
      courtesyChange('courtesy.issued', row),
      {
        company_id: row.company_id,
        type: 'ticket.issued',
        interface_id: row.interface_id,
        event_id: row.event_id,
        subject_id: row.ticket_id as string,
        data: {
          ticket_id: row.ticket_id,
          courtesy_id: row.id,
          event_id: row.event_id,
          ticket_type_id: row.ticket_type_id,
          section_id: row.section_id,
          seat_id: row.seat_id,
        },
      },
    ]),
  );
  await sendTickets(tx, ctx, rows);
}

async function sendTickets(tx: Tx, ctx: Context, rows: readonly CourtesyRecord[]): Promise<void> {
  const asked = rows.filter(({ mail, email }) => mail && email !== null);
  if (!asked.length) return;
  const [event] = await tx.query<{ name: string; starts_at: Date; time_zone: string }>(EVENT, [
    ctx.company_id,
    asked[0]?.event_id,
  ]);
  if (!event) throw new Error('courtesies of no event');
  await enqueueMails(
    tx,
    asked.map((row) => ({
      ...{ company_id: row.company_id, to: row.email as string, template: 'courtesy' as const },
      ...{ language: ctx.language, user_id: row.user_id, key: `courtesy:${row.id}` },
      data: {
        first_name: row.first_name ?? '',
        event: event.name,
        starts_at: event.starts_at.toISOString(),
        time_zone: event.time_zone,
        ticket_id: row.ticket_id as string,
      },
    })),
  );
}
