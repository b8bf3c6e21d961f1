import type { Readable } from 'node:stream';
import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import type { System } from '../../system.ts';
import { type LiveStreams, STREAM_SECONDS, serverEvent } from '../live-streams.ts';
import { doorAt } from './prepare.ts';
import { countScans, type Minutes } from './summary.ts';

/** Streams of doors, by the version of what they tell. */
export type DoorStreams = LiveStreams<number>;
export const DOOR_STREAMS = { pollMs: 500, maxListeners: 1_000 };

const HOUR_MS = 3_600_000;

/** How an event's id is written. */
const VERSION = /^v([0-9a-z]{1,11})$/;

// A scan that is written after a version has that version or a later one: of transactions that still run, the oldest
// bounds it. While none does, it stands still as long as the scans do.
const LOOK = statement(
  'door_stream_look',
  `SELECT least(pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
     1 + coalesce((SELECT max(v.version) FROM validation v WHERE v.company_id = $1 AND v.event_id = $2), 0)) AS version`,
);

/**
 * Server-Sent Events (WHATWG HTML section 9.2) of the doors of an event: the summary as it is at once, with the minutes
 * that have changed since the last event that the client has, or those of the last hour; then again at every change, with
 * the minutes that changed. The id of an event is the version it leads to.
 * @param last id of the last event received; anything else starts anew
 * @throws AppError not_found; service_unavailable when this process has no room for one more
 */
export async function streamDoor(
  ctx: Context,
  event_id: number,
  last?: string,
  seconds = STREAM_SECONDS,
): Promise<Readable> {
  await doorAt(ctx, event_id, null);
  const { system, company_id } = ctx;
  const known = VERSION.exec(last ?? '')?.[1];
  const now = Date.now();
  const wanted = known
    ? { since: Number.parseInt(known, 36) }
    : { from: new Date(now - HOUR_MS), to: new Date(now + HOUR_MS) };
  const version = await versionOf(system, company_id, event_id);
  const first = await message(system, company_id, event_id, version, wanted);
  return system.doorStreams.open(
    {
      key: `${company_id} ${event_id}`,
      version,
      async news(told) {
        const version = await versionOf(system, company_id, event_id);
        if (version === told) return undefined;
        return { version, text: await message(system, company_id, event_id, version, { since: told }) };
      },
      common: Math.min, // one look may have been under way that a first message is older than
    },
    first,
    seconds,
    system.accessWatch.watch(ctx),
  );
}

async function versionOf(system: System, company_id: number, event_id: number): Promise<number> {
  const [row] = await system.db.query<{ version: number }>(LOOK, [company_id, event_id]);
  return row?.version ?? 0;
}

async function message(
  { db }: System,
  company_id: number,
  event_id: number,
  version: number,
  wanted: Minutes,
): Promise<string> {
  const summary = await countScans(db, company_id, event_id, wanted);
  return serverEvent('summary', `v${version.toString(36)}`, { summary });
}
