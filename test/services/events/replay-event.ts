import { insertRow, insertRows } from '../../../prisma/seed/rows.ts';
import { inTransaction } from '../../../src/db/transaction.ts';
import { makeEvent, seatedSection, standingSection } from '../../helpers/catalogue.ts';
import type { SalesWorld } from '../../helpers/sales-world.ts';
import type { EventFacts } from './replay-model.ts';

export interface ReplayEvent extends EventFacts {
  seats: number[];
  stalls: number;
  floor: number;
  /** 50.00 for a seat; 50.00, of which there are 20; 20.00; 50.00 again: the last three on the floor. */
  seat: number;
  limited: number;
  reduced: number;
  standing: number;
}

/** Random numbers that come again with their seed (mulberry32). */
export const random = (seed: number) => {
  let state = seed;
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
};

/** An event of 12 seats and 30 places that both interfaces sell. */
export async function makeReplayEvent(world: SalesWorld): Promise<ReplayEvent> {
  const { company_id, web, pos, system } = world;
  const made = await inTransaction(system.db, async (tx) => {
    const sections = [seatedSection('Stalls', 1, 12), standingSection('Floor', 30)];
    const event = await makeEvent(tx, { company_id, interface_id: web.id }, sections, { name: 'Replay' });
    const { event_id, section_ids } = event;
    await insertRows(tx, 'event_interface', [{ company_id, event_id, interface_id: pos.id }]);
    const type = async (name: string, position: number, more: object) =>
      (
        await insertRow(tx, 'ticket_type', {
          ...{ company_id, event_id, name, position, price: 5_000, max_per_cart: 20 },
          ...{ section_ids: [section_ids[1]], ...more },
        })
      ).id;
    return {
      ...event,
      reduced: await type('Reduced', 2, { price: 2_000 }),
      standing: await type('Standing', 3, {}),
    };
  });
  const { event_id, map_id, section_ids, ticket_type_ids, reduced, standing } = made;
  const [stalls, floor] = section_ids as [number, number];
  const [seat, limited] = ticket_type_ids as [number, number];
  await world.sql('UPDATE ticket_type SET capacity = 20 WHERE id = $1', limited);
  const seats = await world.sql<{ id: number }>('SELECT id FROM seat WHERE map_id = $1 ORDER BY id', map_id);
  return {
    ...{ event_id, stalls, floor, seat, limited, reduced, standing },
    seats: seats.map(({ id }) => id),
    sections: new Map([
      [stalls, 12],
      [floor, 30],
    ]),
    types: [
      { id: seat, limit: null, section: stalls },
      { id: limited, limit: 20, section: floor },
      { id: reduced, limit: null, section: floor },
      { id: standing, limit: null, section: floor },
    ],
  };
}
