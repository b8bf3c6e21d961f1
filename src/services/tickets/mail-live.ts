import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { leaveMails } from '../mail/enqueue.ts';

const COUNT = statement(
  'ticket_live_count',
  `SELECT count(*)::int AS count FROM ticket
   WHERE company_id = $1 AND event_id = $2 AND status IN ('valid', 'used')`,
);
// One mail an address: that of the account, else of who is named on the ticket, else of who bought it.
const OWNERS = statement(
  'ticket_live_owners',
  `SELECT o.address, o.user_id, min(o.language) AS language,
     json_agg(json_build_object('id', o.id, 'serial', o.serial) ORDER BY o.id) AS tickets
   FROM (SELECT t.id, t.serial, u.id AS user_id, coalesce(u.email, t.email, c.email) AS address,
       coalesce(u.locale, c.language, 'en') AS language
     FROM ticket t
     LEFT JOIN user_account u ON u.company_id = t.company_id AND u.id = t.user_id AND u.active
     LEFT JOIN cart c ON c.company_id = t.company_id AND c.id = t.cart_id
     WHERE t.company_id = $1 AND t.event_id = $2 AND t.status IN ('valid', 'used')) AS o
   WHERE o.address IS NOT NULL GROUP BY o.address, o.user_id`,
);

interface Owner {
  address: string;
  user_id: number | null;
  language: string;
  tickets: { id: string; serial: number }[];
}

/** How many tickets of an event still admit or have admitted. */
export async function liveTicketsOf(tx: Tx, company_id: number, event_id: number): Promise<number> {
  const [row] = await tx.query<{ count: number }>(COUNT, [company_id, event_id]);
  return row?.count ?? 0;
}

/** Mails the owners of tickets whose codes rotate from now on where they are shown. */
export async function mailLiveCodes(tx: Tx, company_id: number, event_id: number): Promise<void> {
  const owners = await tx.query<Owner>(OWNERS, [company_id, event_id]);
  await leaveMails(
    tx,
    owners.map(({ address, user_id, language, tickets }) => ({
      ...{ company_id, to: address, user_id, language, template: 'tickets' as const },
      data: { tickets, why: 'rotating' as const },
    })),
  );
}
