import { createPlanSetting } from '../../src/services/plans/settings.ts';
import { runAllJobs } from './payments.ts';
import { makeSeason, type Season } from './plans.ts';
import type { SalesWorld } from './sales-world.ts';

export interface Following extends Season {
  job_id: string;
}

/** A season a year later, whose setting keeps the seats of another season's holders until some day; its job has run. */
export async function makeFollowing(
  world: SalesWorld,
  renewed: number,
  deadline: Date,
  more: object = {},
): Promise<Following> {
  const made = await makeSeason(world);
  await world.sql(
    `UPDATE event SET starts_at = starts_at + interval '1 year' WHERE id = ANY($1)`,
    made.event_ids,
  );
  const admin = world.seller({ scopes: ['public', 'sell', 'admin'] });
  const { id, job_id } = await createPlanSetting(admin, made.plan_id, {
    ...{ name: 'Seat again', price: 33_000, currency: 'EUR', interval: 'season', seat_choice: true },
    ...{ section_ids: [world.theatre.stalls], renews_setting_id: renewed, renewal_deadline: deadline },
    ...more,
  });
  await runAllJobs(world.system);
  return { ...made, seats: id, job_id: job_id as string };
}
