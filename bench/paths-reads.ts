import { load } from './load.ts';
import { type Bench, type Path, type Result, ratio } from './paths.ts';

/** Headers that Node writes by itself. */
const NODES = new Set(['connection', 'keep-alive', 'date', 'content-length']);

const headOf = ({ headers }: Response): Record<string, string> =>
  Object.fromEntries([...headers].filter(([name]) => !NODES.has(name)));

/** A published read beside a bare Fastify route that sends the very same head and body; and its 304. */
async function read(bench: Bench, name: string, path: string): Promise<Result[]> {
  const token = await publicToken(bench);
  const headers = { Authorization: `Bearer ${token}` };
  const answer = await fetch(`${bench.api.url}${path}`, { headers });
  const body = await answer.text();
  const etag = answer.headers.get('etag') as string;
  await bench.bare.ask(JSON.stringify({ headers: headOf(answer), body }));
  const ours: number[] = [];
  const theirs: number[] = [];
  const unchanged: number[] = [];
  const nothing: number[] = [];
  for (let round = 0; round < bench.rounds; round++) {
    const at = async (url: string, more = {}) => (await load(bench.folder, { url, headers: more })).rate;
    ours.push(await at(`${bench.api.url}${path}`, headers));
    theirs.push(await at(`${bench.bare.url}/bytes`, headers));
    unchanged.push(await at(`${bench.api.url}${path}`, { ...headers, 'If-None-Match': etag }));
    nothing.push(await at(`${bench.bare.url}/not-modified`, { ...headers, 'If-None-Match': etag }));
  }
  return [
    ratio(`${name}, of bare Fastify sending the same head and ${body.length} bytes`, ours, theirs, 0.85),
    ratio(`${name}, 304, of bare Fastify's 304`, unchanged, nothing, 0.9),
  ];
}

async function publicToken({ api, world }: Bench): Promise<string> {
  const answer = await fetch(`${api.url}/auth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      grant_type: 'client_credentials',
      client_id: world.client_id,
      client_secret: world.client_secret,
    }),
  });
  return ((await answer.json()) as { access_token: string }).access_token;
}

export const oneEvent: Path = {
  name: 'GET one event',
  measure: (bench) => read(bench, 'GET /events/:event_id', `/events/${bench.world.reading.event_id}`),
};

export const listOfEvents: Path = {
  name: 'GET events',
  measure: (bench) => read(bench, 'GET /events, 10 a page', '/events'),
};
