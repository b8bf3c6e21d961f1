import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';
import { AppError, type FieldFault } from '../../errors.ts';
import type { Benefit } from '../../schemas/plans.ts';
import type { PlanRow, PlanSettingRow } from './row.ts';

const EVENTS = statement(
  'plan_events',
  'SELECT id, currency FROM event WHERE company_id = $1 AND id = ANY($2::int[])',
);
const TYPES = statement(
  'plan_ticket_types',
  'SELECT id FROM ticket_type WHERE company_id = $1 AND id = ANY($2::int[])',
);
const SECTIONS = statement(
  'plan_sections',
  `SELECT s.id, s.kind, count(DISTINCT m.event_id)::int AS events FROM section s
   LEFT JOIN event_map m ON m.company_id = s.company_id AND m.map_id = s.map_id AND m.event_id = ANY($3::int[])
   WHERE s.company_id = $1 AND s.id = ANY($2::int[]) GROUP BY s.id, s.kind`,
);
const CURRENCY = statement('plan_currency', 'SELECT code FROM currency WHERE code = $1');
const SETTING = statement(
  'plan_renewed_setting',
  `SELECT s.id, s.plan_id, s.seat_choice FROM plan_setting s WHERE s.company_id = $1 AND s.id = $2`,
);

const fault = (pointer: string, message: string, code = 'invalid'): FieldFault => ({
  pointer,
  code,
  message,
});

function refuse(faults: readonly FieldFault[]): void {
  if (faults.length)
    throw new AppError('validation_failed', 'The plan cannot be like this.', { errors: [...faults] });
}

/**
 * Checks what a plan refers to.
 * @throws AppError validation_failed naming every faulty field
 */
export async function checkPlan(
  tx: Tx,
  ctx: Context,
  plan: Pick<PlanRow, 'kind' | 'event_ids' | 'benefits'>,
): Promise<void> {
  const events = await tx.query<{ id: number; currency: string }>(EVENTS, [ctx.company_id, plan.event_ids]);
  const known = new Map(events.map(({ id, currency }) => [id, currency]));
  const faults = plan.event_ids.flatMap((id, i) => {
    if (!known.has(id)) return [fault(`/event_ids/${i}`, 'No such event.', 'not_found')];
    return plan.event_ids.indexOf(id) === i ? [] : [fault(`/event_ids/${i}`, 'Named twice.')];
  });
  if (plan.kind === 'season' && !plan.event_ids.length)
    faults.push(fault('/event_ids', 'A season has at least one date.', 'required'));
  if (plan.kind === 'season' && new Set(known.values()).size > 1)
    faults.push(fault('/event_ids', 'The dates of a season are sold in one currency.'));
  faults.push(...(await benefitFaults(tx, ctx, plan.benefits)));
  refuse(faults);
}

async function benefitFaults(tx: Tx, ctx: Context, benefits: readonly Benefit[]): Promise<FieldFault[]> {
  const ids = benefits.flatMap((benefit) => (benefit.kind === 'ticket_types' ? benefit.ids : []));
  if (!ids.length) return [];
  const types = await tx.query<{ id: number }>(TYPES, [ctx.company_id, ids]);
  const known = new Set(types.map(({ id }) => id));
  return benefits.flatMap((benefit, i) =>
    benefit.kind !== 'ticket_types'
      ? []
      : benefit.ids.flatMap((id, k) =>
          known.has(id) ? [] : [fault(`/benefits/${i}/ids/${k}`, 'No such ticket type.', 'not_found')],
        ),
  );
}

/**
 * Checks one way to buy a plan against the plan.
 * @throws AppError validation_failed naming every faulty field
 */
export async function checkSetting(
  tx: Tx,
  ctx: Context,
  plan: PlanRow,
  setting: Omit<
    PlanSettingRow,
    'company_id' | 'id' | 'plan_id' | 'held' | 'sold' | 'created_at' | 'updated_at'
  >,
): Promise<void> {
  const faults: FieldFault[] = [];
  const season = plan.kind === 'season';
  if ((setting.interval === 'season') !== season)
    faults.push(fault('/interval', `A ${plan.kind} is not paid by the ${setting.interval}.`));
  if (!(await tx.query(CURRENCY, [setting.currency])).length)
    faults.push(fault('/currency', 'No such currency.', 'not_found'));
  else if (season) {
    const events = await tx.query<{ currency: string }>(EVENTS, [ctx.company_id, plan.event_ids]);
    if (events.some(({ currency }) => currency !== setting.currency))
      faults.push(fault('/currency', 'Its dates are sold in another currency.'));
  }
  if (setting.sales_start && setting.sales_end && setting.sales_end <= setting.sales_start)
    faults.push(fault('/sales_end', 'Must be after sales_start.'));
  faults.push(
    ...(await placeFaults(tx, ctx, plan, setting)),
    ...(await renewalFaults(tx, ctx, plan, setting)),
  );
  refuse(faults);
}

type Places = Pick<PlanSettingRow, 'section_ids' | 'seat_choice' | 'holders'>;

async function placeFaults(tx: Tx, ctx: Context, plan: PlanRow, setting: Places): Promise<FieldFault[]> {
  const { section_ids, seat_choice, holders } = setting;
  if (plan.kind === 'membership')
    return [
      ...(section_ids.length ? [fault('/section_ids', 'A membership has no places.')] : []),
      ...(seat_choice ? [fault('/seat_choice', 'A membership has no seats.')] : []),
    ];
  const faults: FieldFault[] = [];
  if (seat_choice && holders > 1) faults.push(fault('/holders', 'A chosen seat is for one person.'));
  if (!seat_choice && !section_ids.length)
    faults.push(
      fault('/section_ids', 'Name the sections of its places, or let a seat be chosen.', 'required'),
    );
  const rows = await tx.query<{ id: number; kind: string; events: number }>(SECTIONS, [
    ctx.company_id,
    section_ids,
    plan.event_ids,
  ]);
  const known = new Map(rows.map((row) => [row.id, row]));
  for (const [i, id] of section_ids.entries()) {
    const section = known.get(id);
    const at = `/section_ids/${i}`;
    if (!section) faults.push(fault(at, 'No such section.', 'not_found'));
    else if (section.events < plan.event_ids.length)
      faults.push(fault(at, 'Not every date of the season has this section.'));
    else if ((section.kind === 'seated') !== seat_choice)
      faults.push(fault(at, seat_choice ? 'This section has no seats.' : 'Seats of it must be chosen.'));
  }
  return faults;
}

type Renewal = Pick<PlanSettingRow, 'renews_setting_id' | 'renewal_deadline' | 'seat_choice'>;

async function renewalFaults(tx: Tx, ctx: Context, plan: PlanRow, setting: Renewal): Promise<FieldFault[]> {
  const { renews_setting_id, renewal_deadline, seat_choice } = setting;
  if ((renews_setting_id === null) !== (renewal_deadline === null))
    return [
      renewal_deadline === null
        ? fault('/renewal_deadline', 'Say until when places are kept.', 'required')
        : fault('/renews_setting_id', 'Say whose places are kept.', 'required'),
    ];
  if (renews_setting_id === null) return [];
  if (plan.kind !== 'season') return [fault('/renews_setting_id', 'Only seasons keep places for the next.')];
  const [before] = await tx.query<{ plan_id: number; seat_choice: boolean }>(SETTING, [
    ctx.company_id,
    renews_setting_id,
  ]);
  if (!before) return [fault('/renews_setting_id', 'No such plan setting.', 'not_found')];
  if (before.plan_id === plan.id) return [fault('/renews_setting_id', 'Belongs to the same season.')];
  return before.seat_choice === seat_choice
    ? []
    : [fault('/renews_setting_id', 'Its places are of another kind.')];
}
