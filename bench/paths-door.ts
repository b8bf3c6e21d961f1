import { gzipSync } from 'node:zlib';
import { uuidv7 } from '../src/uuid.ts';
import { atMost, type Bench, median, type Path, type Result } from './paths.ts';

const TICKETS = 50_000;
const BATCH = 1_000;
const GUESTS = 1_000;

export const door: Path = {
  name: 'manifest, offline batches and courtesies',
  async measure(bench) {
    const event = await makeEvent(bench);
    return [
      ...(await manifest(bench, event.event_id)),
      ...(await batches(bench, event)),
      await courtesies(bench, event),
    ];
  },
};

interface Event {
  event_id: number;
  type_id: number;
  ids: string[];
}

/** An event of today with a standing section, and 50,000 paid tickets with names. */
async function makeEvent({ system, world }: Bench): Promise<Event> {
  const sql = async (text: string, ...values: unknown[]) =>
    (await system.db.pool.query(text, values)).rows[0];
  const { id: event_id } = await sql(
    `INSERT INTO event (company_id, name, slug, status, seating, currency, time_zone, starts_at)
     VALUES (1, 'door', 'door', 'published', 'general', 'EUR', 'UTC', now()) RETURNING id`,
  );
  await sql('INSERT INTO event_interface (company_id, event_id, interface_id) VALUES (1, $1, 1)', event_id);
  const { id: map_id } = await sql(
    `INSERT INTO map (company_id, name, width, height, focal_x, focal_y) VALUES (1, 'door', 9, 9, 1, 1) RETURNING id`,
  );
  const { id: section_id } = await sql(
    `INSERT INTO section (company_id, map_id, name, kind, capacity) VALUES (1, $1, 'Floor', 'general', 200000) RETURNING id`,
    map_id,
  );
  await sql('INSERT INTO event_map (company_id, event_id, map_id) VALUES (1, $1, $2)', event_id, map_id);
  await sql(
    'INSERT INTO event_section (company_id, event_id, section_id, map_id, capacity) VALUES (1, $1, $2, $3, 200000)',
    ...[event_id, section_id, map_id],
  );
  const { id: type_id } = await sql(
    `INSERT INTO ticket_type (company_id, event_id, name, price, section_ids) VALUES (1, $1, 'Entry', 0, $2) RETURNING id`,
    ...[event_id, [section_id]],
  );
  const ids = Array.from({ length: TICKETS }, () => uuidv7());
  await sql(
    `INSERT INTO cart (company_id, id, interface_id, client_id, status, currency, line_count, expires_at)
     SELECT 1, id, 1, $2, 'paid', 'EUR', 1, now() FROM unnest($1::uuid[]) AS r (id)`,
    ...[ids, world.client_id],
  );
  await sql(
    `INSERT INTO ticket (company_id, id, event_id, ticket_type_id, cart_id, sale_detail_id, interface_id, first_name, last_name)
     SELECT 1, id, $2, $3, id, id, 1, substr(md5(n::text), 1, 6), substr(md5((-n)::text), 1, 9)
     FROM unnest($1::uuid[]) WITH ORDINALITY AS r (id, n)`,
    ...[ids, event_id, type_id],
  );
  await system.db.pool.query('VACUUM ANALYZE ticket, cart');
  return { event_id, type_id, ids };
}

/** Asks the server, and gives how long it took beside the answer. */
async function timed({ api, token }: Bench, path: string, body?: object) {
  const began = performance.now();
  const answer = await fetch(`${api.url}${path}`, {
    method: body ? 'POST' : 'GET',
    headers: {
      authorization: `Bearer ${token}`,
      'accept-encoding': 'identity',
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text.slice(0, 300)}`);
  return { ms: performance.now() - began, text };
}

async function manifest(bench: Bench, event_id: number): Promise<Result[]> {
  const path = `/events/${event_id}/manifest`;
  const whole: number[] = [];
  const delta: number[] = [];
  let text = '';
  for (let round = 0; round < bench.rounds; round++) {
    const answer = await timed(bench, path);
    whole.push(answer.ms);
    text = answer.text;
    delta.push((await timed(bench, `${path}?since=${JSON.parse(text).manifest.version}`)).ms);
  }
  const megabytes = gzipSync(text).length / 1_000_000;
  return [
    atMost(`manifest of ${TICKETS.toLocaleString('en')} tickets`, median(whole), 1_000, 'ms'),
    atMost('the same, gzipped', megabytes, 5, 'MB'),
    atMost('manifest, nothing changed since', median(delta), 50, 'ms'),
  ];
}

async function batches(bench: Bench, { event_id, ids }: Event): Promise<Result[]> {
  const sign = await bench.system.ticketKeys.signer(1);
  const times: number[] = [];
  for (let round = 0; round < bench.rounds; round++) {
    const mine = ids.slice(round * BATCH, (round + 1) * BATCH);
    const now = new Date().toISOString();
    const scans = await Promise.all(
      mine.map(async (ticketId) => ({
        ...{ qr_code: await sign({ ticketId, eventId: event_id, serial: 0 }), event_id },
        ...{ scanned_at: now, nonce: ticketId },
      })),
    );
    times.push((await timed(bench, '/validations/batch', { device_id: 'bench', sent_at: now, scans })).ms);
  }
  const ms = median(times);
  const rate = `${Math.round((BATCH / ms) * 1_000).toLocaleString('en')} scans/s`;
  return [atMost(`batch of ${BATCH.toLocaleString('en')} offline scans`, ms, 1_000, 'ms', rate)];
}

async function courtesies(bench: Bench, { event_id, type_id }: Event): Promise<Result> {
  const times: number[] = [];
  for (let round = 0; round < bench.rounds; round++) {
    const began = performance.now();
    for (let given = 0; given < GUESTS; given += 50) {
      const guests = Array.from({ length: 50 }, (_, i) => ({ first_name: `Guest ${given + i}` }));
      await timed(bench, '/courtesies', { event_id, ticket_type_id: type_id, guests });
    }
    times.push(performance.now() - began);
  }
  const ms = median(times);
  const rate = `${Math.round((GUESTS / ms) * 1_000).toLocaleString('en')} courtesies/s`;
  return atMost(`${GUESTS.toLocaleString('en')} courtesies, 50 a request`, ms, 5_000, 'ms', rate);
}
