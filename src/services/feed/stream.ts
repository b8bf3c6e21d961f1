import { Readable } from 'node:stream';
import type { Context } from '../../context.ts';
import { AppError } from '../../errors.ts';
import type { ChangesQuery } from '../../schemas/changes.ts';
import { KEEP_ALIVE_MS, RETRY_MS, STREAM_SECONDS, serverEvent } from '../live-streams.ts';
import { type ChangeFilter, filterOf, readChanges, startOf } from './read.ts';

const AT_ONCE = 100;
const MAX_STREAMS = 1_000;
const SEQUENCE = /^\d{1,15}$/;

/**
 * Server-Sent Events (WHATWG HTML section 9.2) of the change feed: what has changed since the event that the client had
 * last, then every change as it happens. The id of an event is its `sequence`. It reads on only as fast as the client
 * does: a slow one keeps nothing in memory.
 * @param last id of the last event received (Last-Event-ID); it goes before `since`
 * @throws AppError as listChanges; service_unavailable when this process has no room for one more
 */
export async function streamChanges(
  ctx: Context,
  query: Pick<ChangesQuery, 'since' | 'types' | 'interface_id'> & { seconds?: number | undefined },
  last?: string,
): Promise<Readable> {
  const filter = filterOf(ctx, query);
  const from = await startOf(ctx, last !== undefined && SEQUENCE.test(last) ? Number(last) : query.since);
  const { feed } = ctx.system;
  if (feed.released || feed.streams >= MAX_STREAMS)
    throw new AppError('service_unavailable', 'No room for one more listener.', {}, { 'retry-after': '1' });
  const ends = Date.now() + (query.seconds ?? STREAM_SECONDS) * 1_000;
  const watched = ctx.system.accessWatch.watch(ctx);
  const stream = Readable.from(messages(ctx, from, filter, ends, watched.signal), {
    objectMode: true,
    highWaterMark: 1,
  });
  feed.streams++;
  stream.once('close', () => {
    feed.streams--;
    watched.release();
  });
  return stream;
}

async function* messages(
  ctx: Context,
  from: number,
  filter: ChangeFilter,
  ends: number,
  signal: AbortSignal,
): AsyncGenerator<string> {
  yield `retry: ${RETRY_MS}\n\n`;
  const { feed } = ctx.system;
  let at = from;
  while (!feed.released && !signal.aborted && Date.now() < ends) {
    const { items, next } = await readChanges(ctx, at, filter, AT_ONCE);
    if (signal.aborted) return;
    at = next;
    if (items.length)
      yield items.map((change) => serverEvent('change', String(change.sequence), { change })).join('');
    else {
      const left = Math.max(0, Math.min(KEEP_ALIVE_MS, ends - Date.now()));
      await feed.until({ company_id: ctx.company_id, beyond: at }, left, signal);
      yield ': \n\n'; // keeps proxies from closing it, and finds out whether anybody still listens
    }
  }
}
