import { portion } from './portion.ts';
import type { QuantityRule, QuantityRuleDefinition } from './types.ts';

/** A ticket as quantity rules see it: one of a cart, and what it costs alone. */
export interface Unit {
  id: string;
  ticket_type_id: number;
  price: number;
  /** The rules that it locked when it was held. */
  rules: readonly QuantityRule[];
}

/** What a rule takes off one ticket. */
export interface GroupDiscount {
  rule: string;
  amount: number;
}

/** Tickets that a rule makes cheaper together, and by how much. */
interface Group {
  units: readonly Unit[];
  discount: number;
}

/**
 * What quantity rules take off the tickets of a cart. Rules come in their own order (position, then id); a ticket counts
 * for one of them only. Each rule groups the dearest tickets first, so that the buyer gets the most out of it, and what a
 * group saves is spread over its tickets in proportion to their prices: a refund of one gives back what it really cost.
 *
 * A rule counts the tickets that locked it, as it was then: one that changed meanwhile does not mix with its older self.
 * @param units in any order: the outcome is the same
 * @returns discounts by ticket, none above its price; tickets without one are left out
 */
export function quantityDiscounts(units: readonly Unit[]): Map<string, GroupDiscount> {
  const discounts = new Map<string, GroupDiscount>();
  for (const [state, rule] of rulesOf(units)) {
    const free = units.filter(
      (unit) => !discounts.has(unit.id) && unit.rules.some((own) => stateOf(own) === state),
    );
    free.sort((a, b) => b.price - a.price || (a.id < b.id ? -1 : 1));
    for (const group of groupsOf(rule, free))
      for (const [unit, amount] of spread(group)) discounts.set(unit.id, { rule: rule.name, amount });
  }
  for (const [id, { amount }] of discounts) if (amount === 0) discounts.delete(id);
  return discounts;
}

/** The rules that any ticket locked, each state of one apart, in order. */
function rulesOf(units: readonly Unit[]): [state: string, rule: QuantityRule][] {
  const rules = new Map<string, QuantityRule>();
  for (const unit of units) for (const rule of unit.rules) rules.set(stateOf(rule), rule);
  return [...rules].sort(
    ([a, one], [b, other]) => one.position - other.position || one.id - other.id || (a < b ? -1 : 1),
  );
}

/** Tells two states of a rule apart. A definition's own text is the same wherever it was kept: jsonb orders its keys. */
const stateOf = ({ id, position, name, definition }: QuantityRule): string =>
  JSON.stringify([id, position, name, definition]);

/** Whether a rule is about a ticket type at all. */
export function isAbout(definition: QuantityRuleDefinition, ticket_type_id: number): boolean {
  if (definition.kind === 'bundle')
    return definition.parts.some((part) => part.ticket_type_id === ticket_type_id);
  return definition.ticket_type_ids.length === 0 || definition.ticket_type_ids.includes(ticket_type_id);
}

/** @param units those that may count, dearest first */
function groupsOf({ definition }: QuantityRule, units: readonly Unit[]): Group[] {
  switch (definition.kind) {
    case 'multi_buy':
      return multiBuy(units, definition.take, definition.pay);
    case 'bundle':
      return bundles(units, definition.parts, definition.price);
    case 'volume':
      return units.length < definition.from
        ? []
        : units.map((unit) => ({ units: [unit], discount: portion(unit.price, definition.rate) }));
  }
}

/** Of each full group the cheapest are free. */
function multiBuy(units: readonly Unit[], take: number, pay: number): Group[] {
  const groups: Group[] = [];
  for (let i = 0; i + take <= units.length; i += take) {
    const group = units.slice(i, i + take);
    groups.push({ units: group, discount: sum(group.slice(pay)) });
  }
  return groups;
}

/** As many whole bundles as there are tickets for, as long as they cost less than their tickets. */
function bundles(
  units: readonly Unit[],
  parts: readonly { ticket_type_id: number; quantity: number }[],
  price: number,
): Group[] {
  const groups: Group[] = [];
  const shelves = parts.map(({ ticket_type_id, quantity }) => ({
    quantity,
    units: units.filter((unit) => unit.ticket_type_id === ticket_type_id),
  }));
  for (let n = 0; ; n++) {
    const group = shelves.flatMap((shelf) => shelf.units.slice(n * shelf.quantity, (n + 1) * shelf.quantity));
    const whole = shelves.every((shelf) => shelf.units.length >= (n + 1) * shelf.quantity);
    const discount = sum(group) - price;
    if (!whole || discount <= 0) return groups;
    groups.push({ units: group, discount });
  }
}

const sum = (units: readonly Unit[]): number => units.reduce((total, unit) => total + unit.price, 0);

/**
 * Parts of a discount in proportion to prices, which add up to it exactly: each ticket bears what is left of the discount
 * by its part of what is left of the prices. A discount is never more than its group costs, so no part exceeds a price.
 */
function spread({ units, discount }: Group): [Unit, number][] {
  let left = discount;
  let rest = sum(units);
  return units.map((unit) => {
    const part = rest === 0 ? 0 : portion(left, unit.price, rest);
    left -= part;
    rest -= unit.price;
    return [unit, part];
  });
}
