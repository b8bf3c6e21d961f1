import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { run } from './load.ts';

/** A write set as one statement a command: what single commands cost the database, whatever serves them. */
export interface Reference {
  name: string;
  /** SQL with `:seat_a`, … as pgbench takes them; see `variables`. */
  script: string;
}

export const havePgbench = (): boolean => !spawnSync('pgbench', ['--version']).error;

/**
 * Runs a script with pgbench, prepared, at several numbers of clients, and gives the best rate.
 * Where pgbench is missing, a minimal driver runs the same statement over as many prepared connections.
 */
export async function reference(
  folder: string,
  url: string,
  script: string,
  seconds: number,
  clients: readonly number[] = [8, 16, 32],
): Promise<number> {
  const file = join(folder, 'reference.sql');
  writeFileSync(file, script);
  let best = 0;
  for (const n of clients) {
    const rate = havePgbench()
      ? rateOf(
          await run('pgbench', [
            '-n',
            '-M',
            'prepared',
            '-c',
            String(n),
            '-j',
            '2',
            '-T',
            String(seconds),
            '-f',
            file,
            url,
          ]),
        )
      : await drive(url, script, n, seconds);
    best = Math.max(best, rate);
  }
  return best;
}

const rateOf = (out: string): number => Number(/tps = ([\d.]+)/.exec(out)?.[1] ?? 0);

/** The stand-in for pgbench: `\set name random(a, b)` lines, then statements, each a transaction. */
async function drive(url: string, script: string, clients: number, seconds: number): Promise<number> {
  const sets = [...script.matchAll(/^\\set (\w+) random\((\d+), (\d+)\)$/gm)].map(([, name, from, to]) => ({
    name: name as string,
    from: Number(from),
    to: Number(to),
  }));
  const texts = script
    .replace(/^\\set .*$/gm, '')
    .replace(/(?<!:):(\w+)/g, (_, name: string) => `$${sets.findIndex((s) => s.name === name) + 1}::bigint`)
    .split(/;\s*/)
    .filter((text) => text.trim());
  const until = performance.now() + seconds * 1000;
  let done = 0;
  await Promise.all(
    Array.from({ length: clients }, async () => {
      const client = new pg.Client(url);
      await client.connect();
      while (performance.now() < until) {
        const drawn = sets.map(({ from, to }) => from + Math.floor(Math.random() * (to - from + 1)));
        for (const [i, text] of texts.entries()) {
          const values = drawn.slice(
            0,
            Math.max(0, ...[...text.matchAll(/\$(\d+)/g)].map(([, n]) => Number(n))),
          );
          await client.query({ name: `reference ${i}`, text, values });
        }
        done++;
      }
      await client.end();
    }),
  );
  return done / seconds;
}

/**
 * Holding two chosen seats, as one conditional statement: the rows that our own hold writes (two seats, a cart with its
 * totals, two lines with their prices).
 */
export const holdSeats = (event_id: number, seats: number): string => `\\set a random(1, ${seats})
\\set b random(1, ${seats})
WITH pick AS (SELECT seat_id FROM bench_seat WHERE n IN (:a, :b)),
  l AS MATERIALIZED (SELECT s.seat_id, s.section_id FROM event_seat s JOIN pick USING (seat_id)
    WHERE s.company_id = 1 AND s.event_id = ${event_id}
      AND (s.status = 'available' OR (s.status = 'held' AND s.hold_expires_at <= now() + interval '2 hours'))
    ORDER BY s.seat_id FOR UPDATE OF s),
  c AS (INSERT INTO cart (company_id, id, interface_id, client_id, currency, subtotal, fee, tax, total, line_count, expires_at)
    SELECT 1, gen_random_uuid(), 1, 'bench', 'EUR', 10000, 500, 1597, 10500, 2, now() + interval '1 hour'
    WHERE (SELECT count(*) FROM l) > 0 RETURNING id, expires_at),
  h AS (UPDATE event_seat s SET status = 'held', cart_id = c.id, hold_expires_at = c.expires_at,
      version = pg_current_xact_id()::text::bigint FROM l, c
    WHERE s.company_id = 1 AND s.event_id = ${event_id} AND s.seat_id = l.seat_id RETURNING s.seat_id)
${insertLines(event_id)}`;

/** Holding two places of one general-admission section: one conditional update of its counter. */
export const holdPlaces = (event_id: number, section_id: number): string => `WITH
  l AS (UPDATE event_section SET held = held + 2, version = pg_current_xact_id()::text::bigint
    WHERE company_id = 1 AND event_id = ${event_id} AND section_id = ${section_id} AND held + sold + blocked + 2 <= capacity
    RETURNING section_id, NULL::int AS seat_id),
  c AS (INSERT INTO cart (company_id, id, interface_id, client_id, currency, subtotal, fee, tax, total, line_count, expires_at)
    SELECT 1, gen_random_uuid(), 1, 'bench', 'EUR', 10000, 500, 1597, 10500, 2, now() + interval '1 hour' FROM l
    RETURNING id, expires_at)
${insertLines(event_id).replace('FROM l, c', 'FROM l, c, generate_series(1, 2)')}`;

function insertLines(event_id: number): string {
  const terms = `'{"base_price": 5000,"fee_fixed": 0,"fee_rate": 500,"fee_payer": "buyer","tax_rate": 1900,"tax_inclusive": true,"extra_fee": 0,"rule": "ticket_type Full price"}'`;
  const trace = `'[{"rule": "base","name": "ticket_type Full price","amount": 5000,"included": 0},{"rule": "fee","name": "5 %","amount": 250,"included": 0},{"rule": "tax","name": "19 %","amount": 0,"included": 798}]'`;
  return `INSERT INTO sale_detail (company_id, id, cart_id, kind, event_id, ticket_type_id, section_id, seat_id, base_price,
  unit_price, fee, tax, total, terms, price_trace)
SELECT 1, gen_random_uuid(), c.id, 'ticket', ${event_id}, 1, l.section_id, l.seat_id, 5000, 5000, 250, 798, 5250, ${terms}, ${trace}
FROM l, c`;
}

/**
 * A whole purchase of two places, one transaction a request: open a cart, hold, pay in cash, read the tickets. The rows
 * are those that our own requests write.
 */
export function buyPlaces(event_id: number, section_id: number): string {
  const cart = "lpad(to_hex(:cart::bigint), 32, '0')::uuid";
  const section = `company_id = 1 AND event_id = ${event_id} AND section_id = ${section_id}`;
  return `\\set cart random(1, 9007199254740991)
INSERT INTO cart (company_id, id, interface_id, client_id, currency, expires_at)
VALUES (1, ${cart}, 1, 'bench', 'EUR', now() + interval '1 hour');
WITH l AS (UPDATE event_section SET held = held + 2, version = pg_current_xact_id()::text::bigint
    WHERE ${section} AND held + sold + blocked + 2 <= capacity RETURNING section_id, NULL::int AS seat_id),
  c AS (UPDATE cart c SET subtotal = 10000, fee = 500, tax = 1597, total = 10500, line_count = 2, updated_at = now() FROM l
    WHERE c.company_id = 1 AND c.id = ${cart} AND c.status = 'open' RETURNING c.id)
${insertLines(event_id).replace('FROM l, c', 'FROM l, c, generate_series(1, 2)')};
WITH p AS (INSERT INTO payment (company_id, id, cart_id, method, provider, amount, currency, status)
    VALUES (1, gen_random_uuid(), ${cart}, 'cash', 'cash', 10500, 'EUR', 'captured') RETURNING id),
  c AS (UPDATE cart c SET paid = total, status = 'paid', paid_at = now(), updated_at = now() FROM p
    WHERE c.company_id = 1 AND c.id = ${cart} AND c.status = 'open' RETURNING c.id),
  s AS (UPDATE event_section SET held = held - 2, sold = sold + 2, version = pg_current_xact_id()::text::bigint WHERE ${section}),
  l AS (UPDATE sale_detail l SET status = 'paid', updated_at = now() FROM c WHERE l.company_id = 1 AND l.cart_id = c.id
    RETURNING l.id, l.cart_id, l.ticket_type_id, l.section_id, l.total, l.fee, l.tax),
  t AS (INSERT INTO ticket (company_id, id, event_id, ticket_type_id, cart_id, sale_detail_id, interface_id, section_id)
    SELECT 1, gen_random_uuid(), ${event_id}, ticket_type_id, cart_id, id, 1, section_id FROM l RETURNING id, cart_id, sale_detail_id),
  e AS (INSERT INTO ledger_entry (company_id, id, kind, cart_id, interface_id, currency, amount, sale_detail_id, event_id,
      ticket_type_id, section_id, quantity, fee, tax, payment_id)
    SELECT 1, gen_random_uuid(), 'sale', cart_id, 1, 'EUR', total, id, ${event_id}, ticket_type_id, section_id, 1, fee, tax, NULL FROM l
    UNION ALL SELECT 1, gen_random_uuid(), 'payment', ${cart}, 1, 'EUR', 10500, NULL, NULL, NULL, NULL, 0, 0, 0, p.id FROM p)
INSERT INTO change (company_id, id, xid, type, interface_id, event_id, subject_id, data)
SELECT 1, gen_random_uuid(), pg_current_xact_id()::text::bigint, 'ticket.issued', 1, ${event_id}, t.id::text,
  jsonb_build_object('ticket_id', t.id, 'cart_id', t.cart_id, 'sale_detail_id', t.sale_detail_id, 'event_id', ${event_id}) FROM t
UNION ALL SELECT 1, gen_random_uuid(), pg_current_xact_id()::text::bigint, 'cart.paid', 1, ${event_id}, c.id::text,
  jsonb_build_object('cart_id', c.id, 'total', 10500, 'currency', 'EUR') FROM c;
SELECT t.* FROM ticket t WHERE t.company_id = 1 AND t.cart_id = ${cart};
`;
}

/** Letting in on one ticket: the rows that our own scan writes (the ticket, the scan, the outbox). */
export const scanTicket = (event_id: number, tickets: number): string => `\\set n random(1, ${tickets})
WITH t AS (UPDATE ticket t SET status = 'used', entries = 1, inside = 1, validated_at = now(),
    updated_at = greatest(now(), t.updated_at + interval '1 millisecond')
    FROM bench_ticket b, cart c
    WHERE b.n = :n AND t.company_id = 1 AND t.id = b.id AND t.serial = 0 AND t.status IN ('valid', 'used')
      AND c.company_id = 1 AND c.id = t.cart_id AND c.status IN ('paid', 'partially_refunded')
    RETURNING t.id),
  v AS (INSERT INTO validation (company_id, id, event_id, ticket_id, result, direction, net, scanned_at, client_id, interface_id)
    SELECT 1, gen_random_uuid(), ${event_id}, t.id, 'accepted', 'entry', 1, now(), 'bench', 1 FROM t RETURNING id, ticket_id)
INSERT INTO change (company_id, id, xid, type, interface_id, event_id, subject_id, data)
SELECT 1, gen_random_uuid(), pg_current_xact_id()::text::bigint, 'ticket.validated', 1, ${event_id}, v.ticket_id,
  jsonb_build_object('ticket_id', v.ticket_id, 'event_id', ${event_id}, 'validation_id', v.id, 'direction', 'entry', 'gate_id', NULL)
FROM v`;
