import type { System } from '../../system.ts';
import { pickSeats } from '../inventory/best-available.ts';
import { sharedSeats } from '../inventory/shared-seats.ts';
import type { HoldCommand } from './hold-batch.ts';
import { type Grounds, groundsOf } from './seat-rules.ts';
import type { Wanted } from './wanted.ts';

/** The picked seats go to somebody else: pick again. */
export class PickLost extends Error {}

/** A command with the seats that best available picked for it, by item, and the maps by which seats are judged. */
export interface Prepared {
  command: HoldCommand;
  picks: Map<number, readonly number[]>;
  grounds: Grounds;
}

/**
 * Best available picks its seats before the transaction, from memory; the lock proves them. A command is picked for in
 * view of what the earlier ones of its batch are about to take. That may come to nothing: where they alone stand in its
 * way, it is not sold out, but picks again with the next batch.
 */
export async function pickAll(
  system: System,
  commands: readonly HoldCommand[],
  refuse: (command: HoldCommand, refusal: unknown) => void,
): Promise<Prepared[]> {
  const taken = new SeatSets();
  for (const { wanted } of commands) for (const want of wanted) taken.add(want, chosen(want));
  const grounds = await groundsOf(system, commands);
  const prepared: Prepared[] = [];
  for (const command of commands) {
    try {
      prepared.push({ command, picks: await picksOf(system, command, taken), grounds });
    } catch (refusal) {
      refuse(command, refusal);
    }
  }
  return prepared;
}

async function picksOf(system: System, command: HoldCommand, taken: SeatSets): Promise<Prepared['picks']> {
  const { wanted, ctx } = command;
  const { now } = ctx;
  const picks: Prepared['picks'] = new Map();
  const own = new SeatSets();
  for (const want of wanted) own.add(want, chosen(want));
  for (const want of wanted) {
    if (want.form !== 'best') continue;
    const share = await sharedSeats(system, command, want);
    const seats = await pickSeats(system, want, now, taken.of(want), share).catch(
      async (soldOut: unknown) => {
        if (taken.of(want).size === own.of(want).size) throw soldOut;
        await pickSeats(system, want, now, own.of(want), share); // throws what it says without the others
        throw new PickLost();
      },
    );
    picks.set(want.item, seats);
    own.add(want, seats);
    taken.add(want, seats);
  }
  return picks;
}

const chosen = (want: Wanted): readonly number[] => (want.form === 'seats' ? want.seat_ids : []);

/** Seats by event: two events may share a map. */
class SeatSets {
  private readonly sets = new Map<number, Set<number>>();

  of({ offer }: Wanted): Set<number> {
    let set = this.sets.get(offer.event_id);
    if (!set) {
      set = new Set();
      this.sets.set(offer.event_id, set);
    }
    return set;
  }

  add(want: Wanted, seat_ids: readonly number[]): void {
    const set = this.of(want);
    for (const id of seat_ids) set.add(id);
  }
}
