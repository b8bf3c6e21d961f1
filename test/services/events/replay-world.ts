import type { Context } from '../../../src/context.ts';
import { AppError } from '../../../src/errors.ts';
import { createBlock, deleteBlock } from '../../../src/services/blocks/write.ts';
import { cancelCart } from '../../../src/services/carts/change.ts';
import { sweep } from '../../../src/services/carts/expire.ts';
import { openCart } from '../../../src/services/carts/hold.ts';
import { addCashMovement, openCashSession } from '../../../src/services/cash/sessions.ts';
import { revokeCourtesy } from '../../../src/services/courtesies/decide.ts';
import { issueCourtesies } from '../../../src/services/courtesies/issue.ts';
import { commitExchange } from '../../../src/services/exchanges/commit.ts';
import { quoteExchange } from '../../../src/services/exchanges/quote.ts';
import { pay } from '../../../src/services/payments/pay.ts';
import { refundCart } from '../../../src/services/refunds/refund.ts';
import { type SalesWorld, salesWorld } from '../../helpers/sales-world.ts';
import { makeReplayEvent, type ReplayEvent, random } from './replay-event.ts';
import { type Line, type Method, ReplayModel } from './replay-model.ts';

type Sold = { id: string; event_id: number | null; ticket_type_id: number | null; section_id: number | null };
type SoldLine = Sold & { seat: { id: number } | null; total: number };

/** Two events on two interfaces with a drawer each: steps that are done to them, and told to the model. */
export class Replay {
  readonly model = new ReplayModel();
  readonly done: Record<string, number> = {};
  readonly world: SalesWorld;
  readonly events: ReplayEvent[];
  private readonly chance: (below: number) => number;

  private constructor(world: SalesWorld, events: ReplayEvent[], seed: number) {
    this.world = world;
    this.events = events;
    this.chance = random(seed);
  }

  static async open(seed: number): Promise<Replay> {
    const world = await salesWorld();
    const replay = new Replay(world, [await makeReplayEvent(world), await makeReplayEvent(world)], seed);
    for (const channel of [world.web, world.pos]) {
      const { id } = await openCashSession(replay.office(channel.id), { opening: 10_000 });
      replay.model.drawers.push({ id, interface_id: channel.id, expected: 10_000 });
    }
    return replay;
  }

  /** The box office on an interface. */
  office(interface_id: number): Context {
    const channel = [this.world.web, this.world.pos].find(({ id }) => id === interface_id);
    if (!channel) throw new Error(`no interface ${interface_id}`);
    return this.world.seller({ interface: channel, scopes: ['public', 'sell', 'admin'] });
  }

  /** Does one random thing. What the rules of the house refuse is not done, and must leave nothing behind. */
  async step(): Promise<void> {
    const steps = [
      ...[
        this.hold,
        this.hold,
        this.hold,
        this.pay,
        this.pay,
        this.pay,
        this.refund,
        this.refund,
        this.exchange,
      ],
      ...[
        this.exchange,
        this.exchange,
        this.give,
        this.revoke,
        this.block,
        this.release,
        this.lapse,
        this.cancel,
      ],
      ...[this.move, this.refundPart],
    ];
    const work = this.pick(steps) as () => Promise<string | undefined>;
    try {
      const name = await work.call(this);
      if (name) this.done[name] = (this.done[name] ?? 0) + 1;
    } catch (error) {
      if (!(error instanceof AppError) || error.status !== 409) throw error;
      this.done.refused = (this.done.refused ?? 0) + 1;
    }
  }

  private pick = <T>(list: readonly T[]): T | undefined => list[this.chance(list.length)];
  private freeSeat(event: ReplayEvent): number | undefined {
    const taken = this.model.takenSeats();
    return this.pick(event.seats.filter((seat) => !taken.has(seat)));
  }
  private wanted(event: ReplayEvent) {
    const seat = this.chance(3) === 0 && this.freeSeat(event);
    if (seat) return { ticket_type_id: event.seat, seat_ids: [seat] };
    const type = this.pick([event.limited, event.reduced, event.standing]) as number;
    return { ticket_type_id: type, quantity: 1 + this.chance(3) };
  }
  private held(sold: readonly SoldLine[], cart: string, interface_id: number): void {
    for (const line of sold)
      this.model.hold({
        ...{ id: line.id, cart, event_id: line.event_id as number, type: line.ticket_type_id as number },
        ...{
          section: line.section_id as number,
          seat: line.seat?.id ?? null,
          interface_id,
          price: line.total,
        },
      });
  }

  private async hold() {
    const { id: interface_id } = this.pick([this.world.web, this.world.pos]) as { id: number };
    const first = this.pick(this.events) as ReplayEvent;
    const both = this.chance(4) === 0 ? this.events : [first];
    const cart = await openCart(this.office(interface_id), {
      items: both.map((event) => this.wanted(event)),
    });
    this.held(cart.sale_details, cart.id, interface_id);
    return 'hold';
  }

  private async pay() {
    const cart = this.pick(this.model.cartsWith('held'));
    const [line] = cart ? this.model.linesOf(cart, 'held') : [];
    if (!cart || !line) return;
    const method = this.pick<Method>(['cash', 'card', 'external']) as Method;
    const office = this.office(line.interface_id);
    if (method === 'card') await pay(office, cart, { method, card: { token: 'sandbox_approved' } });
    else await pay(office, cart, method === 'cash' ? { method } : { method, reference: 'POS' });
    this.model.pay(cart, method);
    return `pay ${method}`;
  }

  private async refund() {
    const cart = this.pick(this.model.cartsWith('paid'));
    if (!cart) return;
    const paid = this.model.linesOf(cart, 'paid');
    const lines = this.chance(2) ? paid : [this.pick(paid) as Line];
    const keep_inventory = this.chance(3) === 0;
    const sale_detail_ids = lines.map(({ id }) => id);
    const body = { reason: 'ill', keep_inventory, sale_detail_ids };
    await refundCart(this.office(lines[0]?.interface_id as number), cart, body);
    this.model.refund(lines, keep_inventory);
    return keep_inventory ? 'refund kept' : 'refund';
  }

  /** Some money of a cart that has one line left. */
  private async refundPart() {
    const carts = this.model
      .cartsWith('paid')
      .filter((cart) => this.model.linesOf(cart, 'paid').length === 1);
    const cart = this.pick(carts);
    const [line] = cart ? this.model.linesOf(cart, 'paid') : [];
    if (!cart || !line || line.price - line.refunded <= 300) return;
    await refundCart(this.office(line.interface_id), cart, { reason: 'rain', amount: 300 });
    line.refunded += 300;
    this.model.giveBack(cart, 300);
    return 'refund part';
  }

  private async exchange() {
    const old = this.pick(this.model.lines.filter(({ status }) => status === 'paid'));
    if (!old) return;
    const from = this.events.find(({ event_id }) => event_id === old.event_id) as ReplayEvent;
    const office = this.office(old.interface_id);
    const floor = [from.limited, from.reduced, from.standing];
    const same = old.seat === null && this.chance(2) === 0;
    const to = this.pick(this.events) as ReplayEvent;
    const seat = this.freeSeat(to);
    const other = this.pick([to.reduced, to.standing]) as number;
    const item =
      seat && this.chance(2)
        ? { ticket_type_id: to.seat, seat_ids: [seat] }
        : { ticket_type_id: other, quantity: 1 };
    const wanted = same
      ? { ticket_type_id: this.pick(floor.filter((id) => id !== old.type)) as number }
      : { items: [item] };
    const quoted = await quoteExchange(office, old.cart, { sale_detail_ids: [old.id], ...wanted });
    const payment = quoted.amount_due ? { payment: { method: 'cash' as const } } : undefined;
    await commitExchange(office, old.cart, quoted.id, payment);
    const fresh = quoted.new_sale_details as readonly SoldLine[];
    if (quoted.amount_due) this.model.take(old.cart, 'cash', old.interface_id, quoted.amount_due);
    else this.model.giveBack(old.cart, quoted.refund_due);
    if (same) {
      // The place goes over with the allotment it came from.
      const [line] = fresh as [SoldLine];
      const { block } = old;
      old.block = null;
      this.model.lines.push({
        ...{ id: line.id, cart: old.cart, event_id: old.event_id, type: line.ticket_type_id as number },
        ...{ section: old.section, seat: old.seat, interface_id: old.interface_id, price: line.total },
        ...{ refunded: 0, status: 'held', block },
      });
    } else this.held(fresh, old.cart, old.interface_id);
    this.model.end([old], 'exchanged');
    this.model.sell(this.model.linesOf(old.cart, 'held'));
    const kind = quoted.amount_due ? 'top-up' : quoted.refund_due ? 'refund' : 'even';
    return `exchange ${kind}${same ? ' in place' : ''}`;
  }

  private async give() {
    const event = this.pick(this.events) as ReplayEvent;
    const type = this.pick([event.seat, event.limited, event.standing]) as number;
    const office = this.office(this.world.web.id);
    const guests = [{ first_name: 'Guest', last_name: 'One' }];
    const { courtesies } = (await issueCourtesies(office, {
      ...{ event_id: event.event_id, ticket_type_id: type, guests },
    } as never)) as { courtesies: { id: string }[] };
    for (const { id } of courtesies) {
      const [row] = await this.world.sql<{ section_id: number; seat_id: number | null }>(
        'SELECT section_id, seat_id FROM courtesy WHERE id = $1',
        id,
      );
      if (!row) throw new Error('a courtesy without a row');
      this.model.courtesies.push({
        ...{ id, event_id: event.event_id, type, section: row.section_id, seat: row.seat_id, live: true },
      });
    }
    return 'give';
  }

  private async revoke() {
    const courtesy = this.pick(this.model.courtesies.filter(({ live }) => live));
    if (!courtesy) return;
    await revokeCourtesy(this.office(this.world.web.id), courtesy.id);
    courtesy.live = false;
    return 'revoke';
  }

  private async block() {
    const event = this.pick(this.events) as ReplayEvent;
    const { event_id, stalls, floor } = event;
    const { id: pos } = this.world.pos;
    const office = this.office(this.world.web.id);
    const seat = this.chance(3) === 0 && this.freeSeat(event);
    const allot = !seat && this.chance(2) === 0;
    if (allot && this.model.blocks.some((b) => b.live && b.interface_id && b.event_id === event_id)) return;
    const quantity = 2 + this.chance(3);
    const places = seat ? { seat_ids: [seat] } : { section_id: floor, quantity };
    const meant = allot
      ? { kind: 'allotment' as const, interface_id: pos, overflow: true }
      : { kind: 'house' as const };
    const { id } = await createBlock(office, event_id, { name: 'Kept', ...meant, ...places });
    this.model.blocks.push({
      ...{
        id,
        event_id,
        section: seat ? stalls : floor,
        left: seat ? 1 : quantity,
        seats: seat ? [seat] : [],
      },
      ...{ interface_id: allot ? pos : null, live: true },
    });
    return allot ? 'allot' : 'block';
  }

  private async release() {
    const block = this.pick(this.model.blocks.filter(({ live }) => live));
    if (!block) return;
    await deleteBlock(this.office(this.world.web.id), block.event_id, block.id);
    this.model.release(block);
    return 'release';
  }

  /** A hold runs out; now and then nobody sweeps it for a while. */
  private async lapse() {
    const cart = this.pick(this.model.cartsWith('held'));
    if (!cart) return;
    const lines = this.model.linesOf(cart, 'held');
    await this.world.lapse(cart);
    // What it had of an allotment is to be had again only once it is back there.
    if (this.chance(2) || lines.some(({ block }) => block)) await sweep(this.world.system);
    this.model.end(lines, 'released');
    return 'lapse';
  }

  private async cancel() {
    const cart = this.pick(this.model.cartsWith('held'));
    if (!cart) return;
    const lines = this.model.linesOf(cart, 'held');
    await cancelCart(this.office(lines[0]?.interface_id as number), cart);
    this.model.end(lines, 'released');
    return 'cancel';
  }

  private async move() {
    const { id: interface_id } = this.pick([this.world.web, this.world.pos]) as { id: number };
    const drawer = this.model.drawers.find((each) => each.interface_id === interface_id);
    const kind = this.pick(['pay_in', 'pay_out'] as const) as 'pay_in' | 'pay_out';
    const amount = 100 + this.chance(900);
    await addCashMovement(this.office(interface_id), drawer?.id as string, {
      kind,
      amount,
      reason: 'change',
    });
    this.model.drawer(interface_id, kind === 'pay_in' ? amount : -amount);
    return kind;
  }
}
