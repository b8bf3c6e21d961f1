import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { type Tx, transaction } from '../../db/transaction.ts';
import { AppError, type FieldFault } from '../../errors.ts';
import type { PutPricing } from '../../schemas/pricing.ts';
import { recordAudit } from '../audit.ts';
import { loadEvent } from '../events/row.ts';
import { assertFresh } from '../fresh.ts';
import { countForPhases } from '../inventory/phases.ts';
import { getPricing, type PricingView } from './read.ts';

const LOCK_EVENT = statement(
  'pricing_lock_event',
  'SELECT updated_at FROM event WHERE company_id = $1 AND id = $2 FOR UPDATE',
);
const TYPES = statement(
  'pricing_types',
  'SELECT id FROM ticket_type WHERE company_id = $1 AND event_id = $2 ORDER BY id',
);
const TOUCH = statement(
  'pricing_touch',
  `UPDATE event SET version = version + 1, updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND id = $2`,
);

/**
 * Sets all phases and quantity rules of an event: what is not named goes. What is held keeps its price.
 * @throws AppError not_found, precondition_failed; validation_failed naming every type, phase and rule that is not the event's
 */
export async function putPricing(ctx: Context, event_id: number, body: PutPricing): Promise<PricingView> {
  await loadEvent(ctx, event_id);
  return transaction(ctx, async (tx) => {
    const of = [ctx.company_id, event_id];
    const [event] = await tx.query<{ updated_at: Date }>(LOCK_EVENT, of);
    if (event) assertFresh(ctx, event.updated_at);
    const before = await getPricing(ctx, event_id, tx);
    const types = new Set((await tx.query<{ id: number }>(TYPES, of)).map((row) => row.id));
    requireKnown(body, before, types);
    await writePhases(tx, ctx, body, before, [...types]);
    await writeRules(tx, ctx, event_id, body);
    await tx.execute(TOUCH, of);
    const after = await getPricing(ctx, event_id, tx);
    await recordAudit(tx, ctx, {
      ...{ action: 'pricing.update', subject_type: 'event', subject_id: String(event_id) },
      ...{ before: { ...before }, after: { ...after } },
    });
    return after;
  });
}

function requireKnown(body: PutPricing, before: PricingView, types: ReadonlySet<number>): void {
  const errors: FieldFault[] = [];
  const fault = (pointer: string, what: string) =>
    errors.push({
      pointer,
      code: 'not_found',
      message: `The event has no such ${what}, or it is named twice.`,
    });
  const needType = (id: number, pointer: string) => types.has(id) || fault(pointer, 'ticket type');
  const phases = new Map(before.price_phases.map((phase) => [phase.id, phase.ticket_type_id]));
  for (const [i, phase] of body.price_phases.entries()) {
    needType(phase.ticket_type_id, `/price_phases/${i}/ticket_type_id`);
    if (phase.id === undefined) continue;
    if (phases.get(phase.id) !== phase.ticket_type_id) fault(`/price_phases/${i}/id`, 'phase');
    phases.delete(phase.id);
  }
  const rules = new Set(before.quantity_rules.map((rule) => rule.id));
  for (const [i, { id, definition }] of body.quantity_rules.entries()) {
    if (id !== undefined && !rules.delete(id)) fault(`/quantity_rules/${i}/id`, 'rule');
    const at = `/quantity_rules/${i}/definition`;
    if (definition.kind === 'bundle')
      for (const [k, part] of definition.parts.entries())
        needType(part.ticket_type_id, `${at}/parts/${k}/ticket_type_id`);
    else
      for (const [k, type] of definition.ticket_type_ids.entries())
        needType(type, `${at}/ticket_type_ids/${k}`);
  }
  if (errors.length)
    throw new AppError('validation_failed', 'Some of this is not of this event.', { errors });
}

const DELETE_PHASES = statement(
  'pricing_delete_phases',
  `DELETE FROM price_phase WHERE company_id = $1 AND ticket_type_id = ANY($2::int[]) AND id <> ALL($3::int[])`,
);
const UPDATE_PHASE = statement(
  'pricing_update_phase',
  `UPDATE price_phase SET name = $3, price = $4, starts_at = $5, ends_at = $6, until_sold = $7, position = $8
   WHERE company_id = $1 AND id = $2`,
);
const INSERT_PHASE = statement(
  'pricing_insert_phase',
  `INSERT INTO price_phase (company_id, ticket_type_id, name, price, starts_at, ends_at, until_sold, position)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
);
// Tickets count for phases from the first one on that ends by a number; those of phases that changed count as well, but
// for no phase.
const COUNT_LINES = statement(
  'pricing_count_lines',
  `UPDATE sale_detail SET price_phase_id = 0
   WHERE company_id = $1 AND ticket_type_id = ANY($2::int[]) AND (status IN ('held', 'paid') OR stock_kept)
     AND (price_phase_id IS NULL OR (price_phase_id <> 0 AND price_phase_id <> ALL($3::int[])))`,
);

async function writePhases(
  tx: Tx,
  ctx: Context,
  { price_phases }: PutPricing,
  before: PricingView,
  types: number[],
): Promise<void> {
  const counted = [...new Set(price_phases.flatMap((p) => (p.until_sold ? [p.ticket_type_id] : [])))];
  await countForPhases(tx, ctx.company_id, counted); // nobody sells them meanwhile
  const kept = price_phases.flatMap((phase) => phase.id ?? []);
  await tx.execute(DELETE_PHASES, [ctx.company_id, types, kept]);
  for (const [position, phase] of price_phases.entries()) {
    const { id, ticket_type_id, name, price, starts_at = null, ends_at = null, until_sold = null } = phase;
    const columns = [name, price, starts_at, ends_at, until_sold, position];
    if (id === undefined) await tx.execute(INSERT_PHASE, [ctx.company_id, ticket_type_id, ...columns]);
    else await tx.execute(UPDATE_PHASE, [ctx.company_id, id, ...columns]);
  }
  if (!counted.length) return;
  const unchanged = price_phases.flatMap(({ id, until_sold = null }) =>
    id !== undefined && before.price_phases.some((old) => old.id === id && old.until_sold === until_sold)
      ? [id]
      : [],
  );
  await tx.execute(COUNT_LINES, [ctx.company_id, counted, unchanged]);
}

const DELETE_RULES = statement(
  'pricing_delete_rules',
  'DELETE FROM quantity_rule WHERE company_id = $1 AND event_id = $2 AND id <> ALL($3::int[])',
);
const UPDATE_RULE = statement(
  'pricing_update_rule',
  'UPDATE quantity_rule SET name = $3, definition = $4, position = $5 WHERE company_id = $1 AND id = $2',
);
const INSERT_RULE = statement(
  'pricing_insert_rule',
  'INSERT INTO quantity_rule (company_id, event_id, name, definition, position) VALUES ($1, $2, $3, $4, $5)',
);

async function writeRules(
  tx: Tx,
  ctx: Context,
  event_id: number,
  { quantity_rules }: PutPricing,
): Promise<void> {
  const kept = quantity_rules.flatMap((rule) => rule.id ?? []);
  await tx.execute(DELETE_RULES, [ctx.company_id, event_id, kept]);
  for (const [position, { id, name, definition }] of quantity_rules.entries()) {
    const columns = [name, JSON.stringify(definition), position];
    if (id === undefined) await tx.execute(INSERT_RULE, [ctx.company_id, event_id, ...columns]);
    else await tx.execute(UPDATE_RULE, [ctx.company_id, id, ...columns]);
  }
}
