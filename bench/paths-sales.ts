import { load } from './load.ts';
import { atMost, type Bench, median, type Path, ratio, WARM_UPS, warm } from './paths.ts';
import { buyPlaces, holdPlaces, holdSeats, reference } from './pgbench.ts';
import type { Sellable } from './world.ts';

const json = (token: string) => ({ Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' });

/** One request a pair of seats: it opens a cart and holds them. */
const pairs = ({ ticket_type_id, seat_ids }: Sellable) =>
  Array.from({ length: seat_ids.length / 2 }, (_, i) => ({
    path: '/carts',
    body: JSON.stringify({ items: [{ ticket_type_id, seat_ids: seat_ids.slice(2 * i, 2 * i + 2) }] }),
  }));

export const holdTwoSeats: Path = {
  name: 'hold two seats',
  async measure(bench) {
    const { folder, url, api, token, world, rounds } = bench;
    for (let i = 0; i < WARM_UPS; i++) await holdPlacesOf(bench);
    const ours: number[] = [];
    const p99: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const requests = pairs(world.seated[round] as Sellable);
      const held = await load(folder, {
        url: api.url,
        method: 'POST',
        headers: json(token),
        requests,
        seconds: 3,
      });
      if (held.failures) throw new Error(`${held.failures} holds failed`);
      ours.push(held.rate);
      p99.push(held.p99);
      theirs.push(
        await reference(folder, url, holdSeats(world.reference.event_id, world.reference.seat_ids.length), 3),
      );
    }
    return [
      ratio('hold 2 chosen seats over HTTP, of pgbench, one statement each', ours, theirs, 1.2),
      atMost('hold 2 chosen seats, 99th percentile at 50 connections', median(warm(p99)), 10, 'ms'),
    ];
  },
};

const FLASH = 60_000;

/** Everybody opens carts with two places of one section. */
async function holdPlacesOf({ folder, api, token, world }: Bench): Promise<number> {
  const { ticket_type_id } = world.flash;
  const body = JSON.stringify({ items: [{ ticket_type_id, quantity: 2 }] });
  const { rate, failures } = await load(folder, {
    url: api.url,
    method: 'POST',
    headers: json(token),
    requests: Array.from({ length: FLASH }, () => ({ path: '/carts', body })),
    seconds: 4,
  });
  if (failures) throw new Error(`${failures} holds failed`);
  return rate;
}

export const flashSale: Path = {
  name: 'flash sale of one section',
  async measure(bench) {
    const { folder, url, world, rounds, system } = bench;
    const { event_id, section_id } = world.flash;
    for (let i = 0; i < WARM_UPS; i++) await holdPlacesOf(bench);
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round < rounds; round++) {
      ours.push(await holdPlacesOf(bench));
      const single = holdPlaces(world.flashReference.event_id, world.flashReference.section_id);
      theirs.push(await reference(folder, url, single, 3, [2, 8, 50]));
    }
    const counted = await system.db.pool.query(
      `SELECT s.held, (SELECT count(*)::int FROM sale_detail l WHERE l.company_id = 1 AND l.event_id = $1) AS lines
       FROM event_section s WHERE s.company_id = 1 AND s.event_id = $1 AND s.section_id = $2`,
      [event_id, section_id],
    );
    const { held, lines } = counted.rows[0];
    return [
      ratio('flash sale: hold 2 of one section, of pgbench on the one row', ours, theirs, 10),
      {
        what: 'flash sale: counter equals the tickets held',
        figure: `${held} / ${lines}`,
        goal: 'equal',
        met: held === lines,
      },
    ];
  },
};

/** More than are answered in the time: wrk does not end before it when its requests do. */
const FLOWS = 60_000;
/** Each step uses what the one before it made: it is given less time, lest it runs out. */
const SECONDS = { open: 5, hold: 4, pay: 3, tickets: 2 };

/** open cart → hold → pay → tickets: each step by itself over HTTP, added up to what the four cost together. */
export const fourRequests: Path = {
  name: 'open, hold, pay, tickets',
  async measure({ folder, url, api, token, world, rounds, system }) {
    const { ticket_type_id } = world.flash;
    const { event_id, section_id } = world.flashReference;
    const flows: number[] = [];
    const theirs: number[] = [];
    const steps: string[] = [];
    for (let round = 0; round < rounds; round++) {
      const send = async (
        method: 'GET' | 'POST',
        seconds: number,
        requests: { path: string; body?: string }[],
      ) => {
        const { rate, failures } = await load(folder, {
          url: api.url,
          method,
          headers: json(token),
          requests,
          seconds,
        });
        if (failures) throw new Error(`${failures} of ${requests[0]?.path} failed`);
        return rate;
      };
      const since = new Date();
      /** The carts of this round that have come so far. */
      const carts = async (state: string) =>
        (
          await system.db.pool.query<{ id: string }>(
            `SELECT id FROM cart WHERE company_id = 1 AND created_at >= $1 AND ${state}`,
            [since],
          )
        ).rows;
      const items = JSON.stringify({ items: [{ ticket_type_id, quantity: 2 }] });
      const open = await send(
        'POST',
        SECONDS.open,
        Array.from({ length: FLOWS }, () => ({ path: '/carts', body: '{}' })),
      );
      const opened = await carts("status = 'open' AND line_count = 0");
      const hold = await send(
        'POST',
        SECONDS.hold,
        opened.map(({ id }) => ({ path: `/carts/${id}/sale_details`, body: items })),
      );
      const held = await carts("status = 'open' AND line_count = 2");
      const pay = await send(
        'POST',
        SECONDS.pay,
        held.map(({ id }) => ({ path: `/carts/${id}/payments`, body: '{"method":"cash"}' })),
      );
      const paid = await carts("status = 'paid'");
      const tickets = await send(
        'GET',
        SECONDS.tickets,
        paid.map(({ id }) => ({ path: `/carts/${id}/tickets` })),
      );
      flows.push(1 / (1 / open + 1 / hold + 1 / pay + 1 / tickets));
      steps.push([open, hold, pay, tickets].map(Math.round).join(' + '));
      theirs.push(await reference(folder, url, buyPlaces(event_id, section_id), 3));
    }
    return [
      {
        ...ratio('open cart, hold, pay, tickets over HTTP, of pgbench, one statement each', flows, theirs, 1),
        detail: `${Math.round(median(warm(flows)))} purchases a second beside ${Math.round(median(warm(theirs)))}; requests a second of the four: ${steps[Math.floor(rounds / 2)]}`,
      },
    ];
  },
};
