import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { beside, type Felt } from './beside.ts';
import { atMost, median, type Path } from './paths.ts';
import { stadium } from './world.ts';

async function timed(url: string, headers: Record<string, string>, init: RequestInit = {}) {
  const began = performance.now();
  const answer = await fetch(url, { ...init, headers });
  const bytes = await answer.arrayBuffer();
  return {
    ms: performance.now() - began,
    answer,
    bytes: Number(answer.headers.get('content-length') ?? bytes.byteLength),
  };
}

/** Requests by which a server is warm that are sent one after the other. */
const WARM_UPS = 200;

const kept = new http.Agent({ keepAlive: true });

/** Milliseconds until a request that makes something is answered. By a lean client: `fetch` takes a millisecond for itself. */
function posted(url: string, headers: Record<string, string>, body: string): Promise<number> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method: 'POST', agent: kept, headers }, (answer) => {
      answer.resume().on('end', () => {
        if (answer.statusCode === 201) resolve(performance.now() - began);
        else reject(new Error(`${url} answered ${answer.statusCode}`));
      });
    });
    request.on('error', reject).end(body);
  });
}

export const availability: Path = {
  name: 'availability of 50,000 seats',
  async measure({ api, token, world, system }) {
    const { event_id, map_id } = world.reading;
    const url = `${api.url}/events/${event_id}/maps/${map_id}/availability`;
    const headers = { Authorization: `Bearer ${token}`, 'Accept-Encoding': 'br' };
    await timed(url, headers); // the mirror of the map is made once a process
    const paints = [];
    for (let i = 0; i < 9; i++) paints.push(await timed(url, headers));
    const first = paints[0] as (typeof paints)[0];
    const { availability } = (await (
      await fetch(url, { headers: { Authorization: headers.Authorization } })
    ).json()) as {
      availability: { version: string };
    };
    const changes: number[] = [];
    for (let i = 0; i < 9; i++) {
      await system.db.pool.query(
        `UPDATE event_seat SET status = 'blocked', version = pg_current_xact_id()::text::bigint WHERE company_id = 1 AND event_id = $1
         AND seat_id IN (SELECT seat_id FROM event_seat WHERE company_id = 1 AND event_id = $1 AND status = 'available' LIMIT 100)`,
        [event_id],
      );
      changes.push((await timed(`${url}?since=${availability.version}`, headers)).ms);
    }
    const geometry = await timed(`${api.url}/events/${event_id}/maps/${map_id}`, headers);
    return [
      atMost('availability of 50,000 seats, half sold: time', median(paints.map((p) => p.ms)), 60, 'ms'),
      atMost('availability of 50,000 seats, half sold: on the wire', first.bytes / 1024, 60, 'KB'),
      atMost(
        'availability with 100 to 900 changes',
        median(changes),
        10,
        'ms',
        `geometry, once: ${Math.round(geometry.ms)} ms`,
      ),
    ];
  },
};

/** Others are answered within this while a map is imported or read. */
const BESIDE_MS = 50;

export const maps: Path = {
  name: 'import and publish',
  async measure(bench) {
    const { api, token } = bench;
    const auth = { Authorization: `Bearer ${token}` };
    const json = { ...auth, 'Content-Type': 'application/json' };
    const call = async (method: string, path: string, body: unknown = {}) => {
      const answer = await fetch(`${api.url}${path}`, {
        method,
        headers: json,
        body: method === 'GET' ? null : JSON.stringify(body),
      });
      if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${await answer.text()}`);
      // biome-ignore lint/suspicious/noExplicitAny: whatever the API says
      return (await answer.json()) as any;
    };
    const map = { ...stadium('sent', true, 0), venue_id: null };
    const sent = JSON.stringify(map);
    const seats = map.sections.flatMap(({ name, rows }) =>
      rows.flatMap((row) => row.seats.map(({ number, x, y }) => `${name},${row.label},${number},${x},${y}`)),
    );
    const csv = ['section,row,number,x,y', ...seats].join('\n');
    const post = async (path: string, type: string, body: string) => {
      const answer = await fetch(`${api.url}${path}`, {
        ...{ method: 'POST', body, headers: { ...auth, 'Content-Type': type } },
      });
      const text = await answer.text();
      return { status: answer.status, text };
    };
    const imported = await median3(() => beside(bench, () => post('/maps', 'application/json', sent)));
    const fromCsv = await median3(() => beside(bench, () => post('/maps/csv?name=lines', 'text/csv', csv)));
    const bad = JSON.stringify({ ...map, width: 1, height: 1, focal_point: { x: 0, y: 0 } });
    const refused = await median3(() => beside(bench, () => post('/maps', 'application/json', bad)));
    const statuses = [imported, fromCsv, refused].map(({ result }) => result.status).join();
    if (statuses !== '201,201,422') throw new Error(`imports answered ${statuses}: ${imported.result.text}`);

    const made = JSON.parse(imported.result.text).map;
    const times = { starts_at: '2100-01-01T20:00:00.000Z', ends_at: '2100-01-01T23:00:00.000Z' };
    const { event } = await call('POST', '/events', { ...times, name: 'Sent', map_ids: [made.id] });
    await call('POST', `/events/${event.id}/ticket_types`, {
      ...{ name: 'Full price', price: 5_000, section_ids: made.sections.map(({ id }: { id: number }) => id) },
    });
    const opened = await beside(bench, () => call('POST', `/events/${event.id}/publish`));
    const exported = await median3(() => beside(bench, () => call('GET', `/maps/${made.id}`)));
    const edited = await beside(bench, () => call('PUT', `/maps/${made.id}`, exported.result.map));
    return [
      atMost('import of a 50,000-seat map, over HTTP', imported.ms / 1000, 3, 's', felt(imported)),
      atMost('others meanwhile: slowest answer', imported.slowest, BESIDE_MS, 'ms'),
      atMost('import of 50,000 seats as CSV, over HTTP', fromCsv.ms / 1000, 3, 's', felt(fromCsv)),
      atMost('others meanwhile: slowest answer', fromCsv.slowest, BESIDE_MS, 'ms'),
      atMost('refusal of 50,000 faults', refused.ms / 1000, 3, 's', felt(refused)),
      atMost('others meanwhile: slowest answer', refused.slowest, BESIDE_MS, 'ms'),
      atMost('publishing its event', opened.ms / 1000, 2, 's', felt(opened)),
      atMost('export of the map', exported.ms / 1000, 1, 's', felt(exported)),
      atMost('the same map put back while it sells', edited.ms / 1000, 3, 's', felt(edited)),
    ];
  },
};

const felt = ({ slowest, delay }: Felt<unknown>) =>
  `others meanwhile: slowest answer ${slowest.toFixed(0)} ms, event loop ${delay.toFixed(0)} ms`;

async function median3<T>(work: () => Promise<Felt<T>>): Promise<Felt<T>> {
  const times = [await work(), await work(), await work()];
  return times.toSorted((a, b) => a.ms - b.ms)[1] as Felt<T>;
}

export const seats: Path = {
  name: 'seats of 50,000',
  async measure(bench) {
    const { event_id, map_id } = bench.world.reading;
    const url = `${bench.api.url}/events/${event_id}/maps/${map_id}/seats`;
    const results = [];
    for (const [who, scopes] of [
      ['staff', bench.token],
      ['the public', await bench.publicToken()],
    ] as const) {
      const headers = { Authorization: `Bearer ${scopes}`, 'Accept-Encoding': 'br' };
      const first = await beside(bench, () => timed(url, headers));
      const rounds = await median3(async () => {
        await sleep(1_100); // nothing is kept any more
        return beside(bench, () => timed(url, headers));
      });
      const kept = await timed(url, headers);
      results.push(
        atMost(`all seats of 50,000 with prices, for ${who}`, rounds.ms, 250, 'ms', felt(rounds)),
        atMost(
          'others meanwhile: slowest answer',
          rounds.slowest,
          BESIDE_MS,
          'ms',
          `first look ${first.ms.toFixed(0)} ms, within the same second ${kept.ms.toFixed(0)} ms, ${Math.round(kept.bytes / 1024)} KB`,
        ),
      );
    }
    return results;
  },
};

export const bestAvailable: Path = {
  name: 'best available',
  async measure({ api, token, world }) {
    const { ticket_type_id } = world.best;
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
    const body = JSON.stringify({
      items: [{ ticket_type_id, best_available: { quantity: 4, together: true } }],
    });
    const times: number[] = [];
    for (let i = 0; i < WARM_UPS + 60; i++) times.push(await posted(`${api.url}/carts`, headers, body));
    times.splice(0, WARM_UPS);
    return [atMost('best available, 4 together, 50,000 seats half sold, round trip', median(times), 5, 'ms')];
  },
};
