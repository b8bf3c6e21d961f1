import { atMost, median, type Path } from './paths.ts';

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

export const maps: Path = {
  name: 'import and publish',
  measure: async ({ world }) => [
    atMost('import of a 50,000-seat map', world.importMs / 1000, 3, 's'),
    atMost('publishing its event', world.publishMs / 1000, 2, 's'),
  ],
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
    for (let i = 0; i < 60; i++) {
      const { ms, answer } = await timed(`${api.url}/carts`, headers, { method: 'POST', body });
      if (answer.status !== 201) throw new Error(`best available answered ${answer.status}`);
      if (i >= 10) times.push(ms);
    }
    return [atMost('best available, 4 together, 50,000 seats half sold, round trip', median(times), 5, 'ms')];
  },
};
