import { uuidv7 } from '../src/uuid.ts';
import { load } from './load.ts';
import { atMost, type Bench, median, type Path, ratio, WARM_UPS, warm } from './paths.ts';
import { reference, scanTicket } from './pgbench.ts';

/** More than are answered in the time. */
const TICKETS_A_LOAD = 30_000;
/** Gates that scan at once. Of either side the better rate counts: pgbench, too, is asked with several numbers of clients. */
const CONNECTIONS = [50, 100] as const;

export const scans: Path = {
  name: 'validation of a scanned ticket',
  async measure(bench) {
    const { folder, url, api, token, rounds } = bench;
    const loads = WARM_UPS + rounds * CONNECTIONS.length;
    const { event_id, codes } = await makeTickets(bench, TICKETS_A_LOAD * (loads + 1));
    const scan = async (connections: number) => {
      const scanned = await load(folder, {
        url: api.url,
        method: 'POST',
        headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
        requests: codes
          .splice(0, TICKETS_A_LOAD)
          .map((qr_code) => ({ path: '/validations', body: JSON.stringify({ qr_code, event_id }) })),
        connections,
        seconds: 3,
      });
      if (scanned.failures) throw new Error(`${scanned.failures} scans failed`);
      return scanned;
    };
    for (let i = 0; i < WARM_UPS; i++) await scan(CONNECTIONS[0]);
    const ours: number[] = [];
    const p99: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const few = await scan(CONNECTIONS[0]);
      const many = await scan(CONNECTIONS[1]);
      ours.push(Math.max(few.rate, many.rate));
      p99.push(few.p99);
      theirs.push(await reference(folder, url, scanTicket(event_id, TICKETS_A_LOAD), 3));
    }
    return [
      ratio('validation of a scanned ticket over HTTP, of pgbench', ours, theirs, 0.8),
      atMost('validation, 99th percentile at 50 connections', median(warm(p99)), 10, 'ms'),
    ];
  },
};

/** An event of today and paid tickets for it; the last of them are the reference's own. */
async function makeTickets({ system, world }: Bench, count: number) {
  const sql = (text: string, values: unknown[] = []) => system.db.pool.query(text, values);
  const { rows } = await sql(
    `INSERT INTO event (company_id, name, slug, status, seating, currency, time_zone, starts_at)
     VALUES (1, 'scans', 'scans', 'published', 'general', 'EUR', 'UTC', now()) RETURNING id`,
  );
  const event_id = rows[0].id as number;
  await sql('INSERT INTO event_interface (company_id, event_id, interface_id) VALUES (1, $1, 1)', [event_id]);
  const type = await sql(
    `INSERT INTO ticket_type (company_id, event_id, name, price, section_ids) VALUES (1, $1, 'Entry', 5000, '{}') RETURNING id`,
    [event_id],
  );
  const ids = Array.from({ length: count }, () => uuidv7());
  await sql(
    `INSERT INTO cart (company_id, id, interface_id, client_id, status, currency, line_count, expires_at)
     SELECT 1, id, 1, $2, 'paid', 'EUR', 1, now() FROM unnest($1::uuid[]) AS r (id)`,
    [ids, world.client_id],
  );
  await sql(
    `INSERT INTO ticket (company_id, id, event_id, ticket_type_id, cart_id, sale_detail_id, interface_id)
     SELECT 1, id, $2, $3, id, id, 1 FROM unnest($1::uuid[]) AS r (id)`,
    [ids, event_id, type.rows[0].id],
  );
  await sql('CREATE TABLE bench_ticket (n int PRIMARY KEY, id uuid)');
  const own = ids.slice(-TICKETS_A_LOAD);
  await sql('INSERT INTO bench_ticket SELECT n, id FROM unnest($1::uuid[]) WITH ORDINALITY AS r (id, n)', [
    own,
  ]);
  await sql('VACUUM ANALYZE ticket, cart, bench_ticket');
  const sign = await system.ticketKeys.signer(1);
  const codes = await Promise.all(ids.map((ticketId) => sign({ ticketId, eventId: event_id, serial: 0 })));
  return { event_id, codes };
}
