import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { workOffDue } from '../../../src/services/subscriptions/renewals.ts';
import { moneyFaults, sandboxFaults } from '../../helpers/money-audit.ts';
import { runAllJobs } from '../../helpers/payments.ts';
import { type Membership, makeMembership } from '../../helpers/plans.ts';
import { later, subscribe } from '../../helpers/renewals.ts';
import { DAY, makeSystem, type SalesWorld, salesWorld } from '../../helpers/sales-world.ts';

// A clock that is moved through years, against a model that knows nothing of carts, payments or tables.

const SUBSCRIBERS = 1_000;
const YEARS = 3;
const LIMIT_MS = 180_000;

let world: SalesWorld;
let friends: Membership;
beforeAll(async () => {
  world = await salesWorld();
  friends = await makeMembership(world);
});
afterAll(() => world.close());

type Card = 'approved' | 'declines_later' | 'declines_once';

interface Member {
  id: string;
  card: Card;
  months: 1 | 12;
  price: number;
  began: Date;
  // What the model makes of it:
  periods: number;
  end: Date;
  tries: number;
  charges: number;
  next: Date;
  alive: boolean;
}

/** The same day so many months on, or the last one of a month that lacks it. */
function monthsOn(began: Date, months: number): Date {
  const first = new Date(began);
  first.setUTCDate(1);
  first.setUTCMonth(first.getUTCMonth() + months);
  const then = new Date(first);
  for (let day = began.getUTCDate(); ; day--) {
    then.setTime(first.getTime() + (day - 1) * DAY);
    if (then.getUTCMonth() === first.getUTCMonth()) return then;
  }
}

/** What a member has come to at a moment: the rules of renewals in a few lines. */
function liveUntil(member: Member, now: Date): void {
  while (member.alive && member.next <= now) {
    if (member.tries && now >= later(member.end, 7)) {
      member.alive = false;
      return;
    }
    const fine = member.card === 'approved' || (member.card === 'declines_once' && member.charges % 2 === 1);
    member.charges += 1;
    if (fine) {
      member.periods += 1;
      member.end = monthsOn(member.began, member.periods * member.months);
      member.tries = 0;
      member.next = member.end;
    } else {
      member.next = later(member.end, [1, 3, 5][member.tries] ?? 7);
      member.tries += 1;
    }
  }
}

async function members(
  count: number,
  cards: readonly Card[],
  yearly: (i: number) => boolean,
): Promise<Member[]> {
  const all: Member[] = [];
  for (let i = 0; i < count; i += 50)
    all.push(
      ...(await Promise.all(
        Array.from({ length: Math.min(50, count - i) }, async (_, k): Promise<Member> => {
          const card = cards[(i + k) % cards.length] as Card;
          const year = yearly(i + k);
          const bought = await subscribe(world, year ? friends.year : friends.month, card);
          const [began, end] = [bought.current_period_start as Date, bought.current_period_end as Date];
          return {
            ...{ id: bought.id, card, months: year ? 12 : 1, price: year ? 39_000 : 3_900, began },
            ...{ periods: 1, end, tries: 0, charges: 0, next: end, alive: true },
          };
        }),
      )),
    );
  return all;
}

async function expectAsModelled(all: readonly Member[]): Promise<void> {
  const rows = await world.sql<{ id: string; periods: number; money: number; lines: number; status: string }>(
    `SELECT s.id, s.status, s.current_period_end AS end,
       (SELECT count(*)::int FROM subscription_period p WHERE p.subscription_id = s.id AND p.status = 'paid') AS periods,
       (SELECT coalesce(sum(l.total), 0)::int FROM sale_detail l
         WHERE l.subscription_id = s.id AND l.status = 'paid') AS money,
       (SELECT coalesce(sum(e.amount), 0)::int FROM ledger_entry e JOIN sale_detail l ON l.id = e.sale_detail_id
         WHERE l.subscription_id = s.id AND e.kind = 'sale') AS booked
     FROM subscription s`,
  );
  const found = new Map(rows.map(({ id, ...row }) => [id, row]));
  for (const member of all) {
    const money = member.periods * member.price;
    const status = member.alive ? (member.tries ? 'past_due' : 'active') : 'expired';
    expect([member, found.get(member.id)]).toEqual([
      member,
      { status, end: member.end, periods: member.periods, money, booked: money },
    ]);
  }
  const total = all.reduce((sum, member) => sum + member.periods * member.price, 0);
  const [taken] = await world.sql(
    `SELECT coalesce(sum(amount), 0)::int AS taken FROM sandbox_charge WHERE status = 'captured'`,
  );
  const [kept] = await world.sql(`SELECT coalesce(sum(amount), 0)::int AS given FROM sandbox_refund`);
  expect(Number(taken?.taken) - Number(kept?.given)).toBe(total);
}

it(
  `${SUBSCRIBERS} subscriptions through ${YEARS} years come to what a simple model says, to the unit`,
  async () => {
    const cards: Card[] = [...Array<Card>(8).fill('approved'), 'declines_once', 'declines_later'];
    const all = await members(SUBSCRIBERS, cards, (i) => i % 8 !== 3);
    const start = new Date();
    for (let day = 1; day <= YEARS * 366; day++) {
      const now = later(start, day);
      if (!all.some((member) => member.alive && member.next <= now)) continue; // reminders alone can wait for a charge
      for (const member of all) liveUntil(member, now);
      await workOffDue(world.system, now);
    }
    await expectAsModelled(all);
    expect(all.filter((member) => !member.alive).length).toBe(SUBSCRIBERS / 10);
    expect(Math.max(...all.map((member) => member.periods))).toBe(YEARS * 12 + 1);
    expect(await moneyFaults(world.system)).toEqual({});
    expect(await sandboxFaults(world.system)).toEqual([]);
  },
  LIMIT_MS,
);

/** A worker that dies somewhere on the way: PostgreSQL ends its connections, whatever it was at. */
async function killOnTheWay(now: Date, ms: number): Promise<void> {
  const others = (await world.sql<{ pid: number }>('SELECT pid FROM pg_stat_activity')).map(({ pid }) => pid);
  const victim = makeSystem(world.url, 4);
  const working = workOffDue(victim, now).catch(() => undefined);
  await sleep(ms);
  let alive = true;
  void working.then(() => {
    alive = false;
  });
  while (alive) {
    // Again and again: a dead worker opens no new connection.
    await world.sql(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> ALL($1::int[]) AND pid <> pg_backend_pid()`,
      others,
    );
    await sleep(2);
  }
  await victim.close();
}

it(
  'a worker whose connections die at random points changes nothing of it',
  async () => {
    await world.sql('UPDATE subscription SET next_attempt_at = NULL');
    const before = await world.sql('SELECT id FROM subscription');
    const [was] = await world.sql(
      `SELECT coalesce(sum(amount), 0)::int AS n FROM sandbox_charge WHERE status = 'captured'`,
    );
    const all = await members(40, ['approved'], () => false);
    const end = all[39]?.end as Date;
    let killed = 0;
    for (let month = 0; month < 12; month++) {
      const now = later(monthsOn(end, month), 0.5);
      for (let i = 0; i < 2; i++) {
        await killOnTheWay(later(now, i * 0.02), Math.random() * 120);
        killed += 1;
      }
      // The holds of what it left run out, and look-ups tell what became of its charges.
      await runAllJobs(world.system);
      await world.clear();
      await runAllJobs(world.system);
      for (const hours of [1, 2]) await workOffDue(world.system, later(now, hours / 24 + 0.1));
      for (const member of all) liveUntil(member, now);
    }
    expect(killed).toBe(24);
    const ids = new Set(before.map(({ id }) => id));
    const rows = await world.sql<{ id: string; periods: number }>(
      `SELECT s.id, s.status, (SELECT count(*)::int FROM subscription_period p
         WHERE p.subscription_id = s.id AND p.status = 'paid') AS periods FROM subscription s`,
    );
    expect(rows.filter(({ id }) => !ids.has(id)).map(({ id: _, ...row }) => row)).toEqual(
      all.map(() => ({ status: 'active', periods: 13 })),
    );
    expect(all.map((member) => member.periods)).toEqual(all.map(() => 13));
    const [is] = await world.sql(
      `SELECT coalesce(sum(c.amount), 0)::int - (SELECT coalesce(sum(r.amount), 0)::int FROM sandbox_refund r) AS n
       FROM sandbox_charge c WHERE status = 'captured'`,
    );
    expect(Number(is?.n) - Number(was?.n)).toBe(40 * 13 * 3_900);
    expect(await moneyFaults(world.system)).toEqual({});
    expect(await sandboxFaults(world.system)).toEqual([]);
  },
  LIMIT_MS,
);
