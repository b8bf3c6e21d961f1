import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { lockBlocks } from '../inventory/blocks.ts';
import { type Keeper, keepPlaces, keepSeats, letGoOfAll, lockSections } from '../inventory/kept.ts';
import { type PlanSettingRow, settingsById } from '../plans/row.ts';

// Who has a season keeps the place for the next one until a deadline: those who are in the season before and have not
// given it up, and those who have renewed and wait for the ticket of a date that has just been opened.

const HOLDERS = `FROM subscription s
  WHERE s.company_id = $1 AND s.status IN ('active', 'past_due')
    AND ((s.plan_setting_id = $2 AND NOT s.cancel_at_period_end) OR s.plan_setting_id = $3)
    AND NOT EXISTS (SELECT FROM sale_detail l WHERE l.company_id = s.company_id AND l.subscription_id = s.id
      AND l.event_id = $4 AND l.kind = 'ticket' AND l.status <> 'released')`;
const SEATS = statement(
  'kept_holders_seats',
  `SELECT s.seat_id ${HOLDERS} AND s.seat_id IS NOT NULL ORDER BY s.seat_id`,
);
const SECTIONS = statement(
  'kept_holders_sections',
  `SELECT s.section_id, count(*)::int AS holders ${HOLDERS} AND s.seat_id IS NULL AND s.section_id IS NOT NULL
   GROUP BY s.section_id ORDER BY s.section_id`,
);
const OPEN = statement(
  'kept_event_open',
  `SELECT status FROM event WHERE company_id = $1 AND id = $2 AND status IN ('published', 'paused')`,
);

/** What could not be kept at one event: seats by id, places of general admission by number. */
export interface NotKept {
  seat_ids: number[];
  places: number;
}

/** Does a setting keep places of the season before at this moment? */
export const keepsPlaces = (setting: PlanSettingRow, now: Date): boolean =>
  setting.active && setting.renews_setting_id !== null && (setting.renewal_deadline as Date) > now;

/**
 * Makes what is kept at an event for the renewals of a setting what it should be by now: new holders get their places
 * kept if they are free, places of those who left are on sale, and all of them once the deadline has passed. May be
 * asked for at any time, and again.
 */
export async function keepAt(tx: Tx, setting: PlanSettingRow, event_id: number, now: Date): Promise<NotKept> {
  const { company_id } = setting;
  const none: NotKept = { seat_ids: [], places: 0 };
  if (!(await tx.query(OPEN, [company_id, event_id])).length) return none; // kept when it is published
  await lockBlocks(tx, company_id, event_id);
  const chosen = await chooseOne(tx, setting, event_id, now);
  if (!chosen) return none;
  return keepBy(tx, chosen, event_id);
}

const RIVALS = statement(
  'kept_rival_settings',
  `SELECT s.* FROM plan_setting s JOIN plan p ON p.company_id = s.company_id AND p.id = s.plan_id
   WHERE s.company_id = $1 AND (s.id = $2 OR (s.renews_setting_id = $3 AND $4::int = ANY(p.event_ids)))
   ORDER BY s.renewal_deadline DESC, s.id`,
);

/** Of several settings that renew the same one, that with the latest deadline keeps its places; the others let go. */
async function chooseOne(
  tx: Tx,
  setting: PlanSettingRow,
  event_id: number,
  now: Date,
): Promise<PlanSettingRow | undefined> {
  const { company_id, id, renews_setting_id } = setting;
  const rivals = await tx.query<PlanSettingRow>(RIVALS, [company_id, id, renews_setting_id, event_id]);
  const chosen = rivals.find((rival) => keepsPlaces(rival, now));
  for (const rival of rivals)
    if (rival.id !== chosen?.id) await letGoOfAll(tx, { company_id, event_id, plan_setting_id: rival.id });
  return chosen;
}

async function keepBy(tx: Tx, setting: PlanSettingRow, event_id: number): Promise<NotKept> {
  const { company_id, id, renews_setting_id } = setting;
  const none: NotKept = { seat_ids: [], places: 0 };
  const keeper: Keeper = {
    ...{ company_id, event_id, plan_setting_id: id, name: setting.name },
    deadline: setting.renewal_deadline as Date,
  };
  const holders = [company_id, renews_setting_id, id, event_id];
  if (setting.seat_choice) {
    const seats = await tx.query<{ seat_id: number }>(SEATS, holders);
    return {
      ...none,
      seat_ids: await keepSeats(
        tx,
        keeper,
        seats.map((row) => row.seat_id),
      ),
    };
  }
  const before = (await settingsById(tx, company_id, [renews_setting_id as number])).get(
    renews_setting_id as number,
  );
  const asked = [...new Set([...setting.section_ids, ...(before?.section_ids ?? [])])];
  const sections = await lockSections(tx, keeper, asked);
  const wanted = new Map(
    (await tx.query<{ section_id: number; holders: number }>(SECTIONS, holders)).map((row) => [
      row.section_id,
      row.holders * setting.holders,
    ]),
  );
  let places = 0;
  for (const section of sections) places += await keepPlaces(tx, keeper, section, wanted.get(section) ?? 0);
  return { ...none, places };
}

const KEEPING = statement(
  'kept_settings_of_event',
  `SELECT s.* FROM plan p JOIN plan_setting s ON s.company_id = p.company_id AND s.plan_id = p.id
   WHERE p.company_id = $1 AND p.kind = 'season' AND $2::int = ANY(p.event_ids) AND s.active
     AND s.renews_setting_id IS NOT NULL AND s.renewal_deadline > now() ORDER BY s.id`,
);

/** A date has just been opened, and nothing of it is sold yet: keeps what is to be kept in the same transaction. */
export async function keepAtOpening(tx: Tx, company_id: number, event_id: number, now: Date): Promise<void> {
  for (const setting of await tx.query<PlanSettingRow>(KEEPING, [company_id, event_id]))
    await keepAt(tx, setting, event_id, now);
}
