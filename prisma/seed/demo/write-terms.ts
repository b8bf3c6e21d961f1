import { statement } from '../../../src/db/client.ts';
import type { Tx } from '../../../src/db/transaction.ts';
import { movePlaces, takeSeats } from '../../../src/services/inventory/blocks.ts';
import { newSeed } from '../../../src/services/queue/draw.ts';
import { insertRow } from '../rows.ts';
import type { DemoBlock, DemoEvent, DemoRule } from './event.ts';

interface OfEvent {
  company_id: number;
  event_id: number;
}

const idIn = (ids: ReadonlyMap<string, number>, name: string): number => {
  const id = ids.get(name);
  if (id === undefined) throw new Error(`the event has no ${name}`);
  return id;
};

/** Writes what makes tickets of an event cheaper together. */
export async function writeRules(
  tx: Tx,
  of: OfEvent,
  types: ReadonlyMap<string, number>,
  rules: readonly DemoRule[],
): Promise<void> {
  for (const [position, rule] of rules.entries()) {
    const { kind, name } = rule;
    const definition =
      rule.kind === 'bundle'
        ? {
            ...{ kind, price: rule.price },
            parts: rule.parts.map(({ type, quantity }) => ({ ticket_type_id: idIn(types, type), quantity })),
          }
        : {
            ...{ kind, take: rule.take, pay: rule.pay },
            ticket_type_ids: rule.types.map((type) => idIn(types, type)),
          };
    await insertRow(tx, 'quantity_rule', { ...of, name, position, definition });
  }
}

const ROW = statement(
  'seed_seats_of_row',
  `SELECT s.id FROM seat s JOIN seat_row r ON r.company_id = s.company_id AND r.id = s.row_id
   WHERE s.company_id = $1 AND r.section_id = $2 AND r.label = $3 ORDER BY s.position`,
);
const SECTIONS = statement(
  'seed_block_sections',
  'UPDATE block SET section_ids = $3 WHERE company_id = $1 AND id = $2',
);

const DAY = 86_400_000;

/** Takes stock of a published event out of sale, as the API does it. */
export async function writeBlocks(
  tx: Tx,
  where: OfEvent & { interface_ids: readonly number[]; sections: ReadonlyMap<string, number> },
  starts_at: Date,
  blocks: readonly DemoBlock[],
): Promise<void> {
  const { company_id, event_id, interface_ids, sections } = where;
  for (const {
    section,
    row,
    quantity = null,
    released_days_before: days,
    interface: index,
    ...rest
  } of blocks) {
    const id = idIn(sections, section);
    const general = row === undefined;
    const block = await insertRow(tx, 'block', {
      ...{ company_id, event_id, section_ids: [id], section_id: general ? id : null, quantity },
      ...{ interface_id: index === undefined ? null : interface_ids[index] },
      ...{ release_at: days === undefined ? null : new Date(starts_at.getTime() - days * DAY), ...rest },
    });
    const made = { company_id, event_id, parent_id: null, id: block.id };
    if (general) await movePlaces(tx, { ...made, section_id: id }, quantity ?? 0);
    else {
      const seats = await tx.query<{ id: number }>(ROW, [company_id, id, row]);
      const ids = seats.map((seat) => seat.id);
      await tx.execute(SECTIONS, [company_id, block.id, await takeSeats(tx, made, ids)]);
    }
  }
}

/** Puts an event behind a gate whose sale has begun. */
export async function writeQueue(
  tx: Tx,
  { company_id, event_id }: OfEvent,
  starts_at: Date,
  queue: NonNullable<DemoEvent['queue']>,
): Promise<void> {
  const times = { opens_at: starts_at, starts_at };
  await insertRow(tx, 'queue', { company_id, event_id, ...times, seed: newSeed(), ...queue });
}
