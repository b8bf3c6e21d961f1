import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Context } from '../../../src/context.ts';
import { createBlock } from '../../../src/services/blocks/write.ts';
import { getAvailability } from '../../../src/services/maps/changes.ts';
import { drawMap } from '../../../src/services/maps/draw.ts';
import { getSeat, type SeatView } from '../../../src/services/maps/read.ts';
import { listSeats } from '../../../src/services/maps/seat-list.ts';
import { streamAvailability } from '../../../src/services/maps/stream.ts';
import { contextOf } from '../../helpers/context.ts';
import { type SalesWorld, salesWorld } from '../../helpers/sales-world.ts';

let world: SalesWorld;
let seats: number[];
let admin: Context;
beforeAll(async () => {
  world = await salesWorld();
  seats = Object.values(world.theatre.seats).sort((a, b) => a - b);
  admin = contextOf(world.system, { interface: world.web, scopes: ['public', 'sell', 'admin'] });
});
afterAll(() => world.close());

const ids = (gaps: readonly number[]): number[] => {
  let last = 0;
  return gaps.map((gap) => {
    last += gap;
    return last;
  });
};

describe('what is kept for a code', () => {
  it('is available to whoever names it: in the list, the compact state, the picture, the stream and by itself', async () => {
    const { event_id, map_id } = world.theatre;
    const ctx = contextOf(world.system, { interface: world.web, scopes: ['public', 'sell'] });
    const [row] = await world.sql<{ id: number }>(
      `INSERT INTO code (company_id, event_id, code, kind, value, ticket_type_ids)
       SELECT company_id, id, 'FRIENDS', 'access', 0, '{}' FROM event WHERE id = $1 RETURNING id`,
      event_id,
    );
    const mine = seats.slice(0, 4);
    await createBlock(admin, event_id, {
      ...{ kind: 'allotment', name: 'Friends', seat_ids: mine, code_id: row?.id as number, overflow: true },
    });
    const shown = async (code?: string) => {
      const list: SeatView[] = JSON.parse(String(await listSeats(ctx, event_id, map_id, { code }))).seats;
      const compact = await getAvailability(ctx, event_id, map_id, { code });
      const drawn = String(await drawMap(ctx, event_id, map_id, code));
      const told = await streamAvailability(ctx, event_id, map_id, undefined, { seconds: 1, code });
      const first = await new Promise<string>((resolve) =>
        told.once('data', (data) => resolve(String(data))),
      );
      told.destroy();
      const streamed = JSON.parse(/^data: (.*)$/m.exec(first)?.[1] as string).availability;
      return {
        listed: list.filter(({ id, status }) => mine.includes(id) && status === 'available').length,
        one: (await getSeat(ctx, event_id, mine[0] as number, code)).status,
        blocked: ids(compact.seats.blocked),
        streamed: ids(streamed.seats.blocked),
        left: compact.sections.reduce((n, { available }) => n + available, 0),
        drawn: (drawn.match(/<circle id="seat-\d+" class="available/g) ?? []).length,
      };
    };
    const others = { listed: 0, one: 'blocked', blocked: mine, streamed: mine };
    expect(await shown()).toMatchObject(others);
    expect(await shown('NOBODYS')).toMatchObject(others);
    const { left, drawn } = await shown();
    expect(await shown('friends')).toEqual({
      ...{ listed: 4, one: 'available', blocked: [], streamed: [], left: left + 4, drawn: drawn + 4 },
    });
    const { version } = await getAvailability(ctx, event_id, map_id, {});
    const after = await getAvailability(ctx, event_id, map_id, { since: version, code: 'FRIENDS' });
    expect(ids(after.seats.available ?? [])).toEqual(expect.arrayContaining(mine));
  });
});
