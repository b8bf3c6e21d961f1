import { type Breaches, oneOf } from './sql.ts';

const ID = '00000000-0000-7000-8000-00000000000c';

/** A courtesy of a type that keeps no counter. */
const courtesy = (status: string): string =>
  `INSERT INTO courtesy (company_id, id, event_id, interface_id, ticket_type_id, status)
   SELECT company_id, '${ID}', event_id, 1, id, '${status}' FROM ticket_type WHERE capacity IS NULL ORDER BY id LIMIT 1`;

/** Free tickets. */
export const COURTESY_BREACHES: Breaches = {
  courtesy_has_its_ticket: [[courtesy('issued')]],
  ended_courtesy_lets_nobody_in: [
    [courtesy('revoked'), oneOf('ticket', "status = 'valid'", `courtesy_id = '${ID}'`)],
  ],
  host_quota_matches_courtesies: [
    [
      `INSERT INTO host_quota (company_id, event_id, host, quota, used)
       SELECT company_id, id, 'Press', 2, 1 FROM event ORDER BY id LIMIT 1`,
    ],
    [courtesy('requested'), `UPDATE courtesy SET host = 'Nobody' WHERE id = '${ID}'`],
  ],
};
