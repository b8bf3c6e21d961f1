// What a few events, their box offices and drawers must look like, kept in plain lists. It decides nothing: it is told
// what was done, and adds up.

export type Method = 'cash' | 'card' | 'external';

export interface Line {
  id: string;
  cart: string;
  event_id: number;
  type: number;
  section: number;
  seat: number | null;
  interface_id: number;
  price: number;
  /** Given back of its price, while it is paid. */
  refunded: number;
  status: 'held' | 'paid' | 'refunded' | 'kept' | 'exchanged' | 'released';
  block: number | null;
}

export interface Block {
  id: number;
  event_id: number;
  section: number;
  /** What is left; of chosen seats: these. */
  left: number;
  seats: number[];
  /** An allotment for it. */
  interface_id: number | null;
  live: boolean;
}

export interface Courtesy {
  id: string;
  event_id: number;
  type: number;
  section: number;
  seat: number | null;
  live: boolean;
}

export interface TypeFacts {
  id: number;
  limit: number | null;
  section: number;
}

export interface EventFacts {
  event_id: number;
  sections: Map<number, number>;
  types: TypeFacts[];
}

export interface Drawer {
  id: string;
  interface_id: number;
  expected: number;
}

const sum = <T>(rows: readonly T[], value: (row: T) => number): number =>
  rows.reduce((n, row) => n + value(row), 0);
const count = (rows: readonly Line[], ...status: Line['status'][]): number =>
  rows.filter((line) => status.includes(line.status)).length;

/** Everything that was done. */
export class ReplayModel {
  readonly lines: Line[] = [];
  readonly blocks: Block[] = [];
  readonly courtesies: Courtesy[] = [];
  readonly drawers: Drawer[] = [];
  private readonly payments = new Map<string, { method: Method; interface_id: number; left: number }[]>();
  /** All that came in less what was given back. */
  money = 0;
  /** Interfaces whose books have an entry for an event. */
  private readonly booked = new Set<string>();

  linesOf(cart: string, status: Line['status']): Line[] {
    return this.lines.filter((line) => line.cart === cart && line.status === status);
  }

  cartsWith(status: Line['status']): string[] {
    return [...new Set(this.lines.filter((line) => line.status === status).map((line) => line.cart))];
  }

  takenSeats(): Set<number> {
    const { lines, courtesies, blocks } = this;
    return new Set([
      ...lines.flatMap((l) => (['held', 'paid', 'kept'].includes(l.status) && l.seat ? [l.seat] : [])),
      ...courtesies.flatMap((each) => (each.live && each.seat ? [each.seat] : [])),
      ...blocks.flatMap((block) => (block.live ? block.seats : [])),
    ]);
  }

  hold(line: Omit<Line, 'status' | 'refunded' | 'block'>): void {
    const own = this.blocks.find(
      (b) =>
        b.live &&
        b.left > 0 &&
        line.seat === null &&
        b.interface_id === line.interface_id &&
        b.section === line.section,
    );
    if (own) own.left--;
    this.lines.push({ ...line, refunded: 0, status: 'held', block: own?.id ?? null });
  }

  /** What lines held or had goes back where it came from. */
  end(lines: readonly Line[], status: 'released' | 'refunded' | 'exchanged'): void {
    for (const line of lines) {
      line.status = status;
      const block = this.blocks.find(({ id, live }) => id === line.block && live);
      if (block) block.left++;
    }
  }

  pay(cart: string, method: Method): void {
    const lines = this.linesOf(cart, 'held');
    this.take(
      cart,
      method,
      lines[0]?.interface_id as number,
      sum(lines, (line) => line.price),
    );
    this.sell(lines);
  }

  sell(lines: readonly Line[]): void {
    for (const line of lines) {
      line.status = 'paid';
      this.booked.add(`${line.event_id} ${line.interface_id}`);
    }
  }

  take(cart: string, method: Method, interface_id: number, amount: number): void {
    this.payments.set(cart, [...(this.payments.get(cart) ?? []), { method, interface_id, left: amount }]);
    this.money += amount;
    if (method === 'cash') this.drawer(interface_id, amount);
  }

  /** The oldest payment first. */
  giveBack(cart: string, amount: number): void {
    this.money -= amount;
    let rest = amount;
    for (const payment of this.payments.get(cart) ?? []) {
      const part = Math.min(rest, payment.left);
      payment.left -= part;
      rest -= part;
      if (payment.method === 'cash') this.drawer(payment.interface_id, -part);
    }
    if (rest) throw new Error(`${rest} more was given back than paid`);
  }

  drawer(interface_id: number, amount: number): void {
    const drawer = this.drawers.find((each) => each.interface_id === interface_id);
    if (drawer) drawer.expected += amount;
  }

  refund(lines: readonly Line[], keep: boolean): void {
    const [first] = lines;
    if (!first) return;
    this.giveBack(
      first.cart,
      sum(lines, (line) => line.price - line.refunded),
    );
    if (keep) for (const line of lines) line.status = 'kept';
    else this.end(lines, 'refunded');
  }

  release(block: Block): void {
    block.live = false;
    for (const line of this.lines) if (line.block === block.id) line.block = null;
  }

  /** How an event stands, in the words of report and stock proof. */
  view({ event_id, sections, types }: EventFacts) {
    const lines = this.lines.filter((line) => line.event_id === event_id);
    const given = this.courtesies.filter((each) => each.event_id === event_id && each.live);
    const blocks = this.blocks.filter((block) => block.event_id === event_id && block.live);
    const places = [...sections].map(([section_id, capacity]) => {
      const here = lines.filter((line) => line.section === section_id);
      const held = count(here, 'held');
      const sold = count(here, 'paid', 'kept');
      const courtesy = given.filter((each) => each.section === section_id).length;
      const blocked = sum(
        blocks.filter((block) => block.section === section_id),
        (block) => block.left,
      );
      const available = capacity - held - sold - courtesy - blocked;
      return { section_id, capacity, available, held, sold, kept: count(here, 'kept'), blocked, courtesy };
    });
    const books = (rows: readonly Line[]) => ({
      sold: count(rows, 'paid'),
      refunded: count(rows, 'refunded', 'kept'),
      refunded_amount: sum(rows, ({ status, price, refunded }) =>
        status === 'refunded' || status === 'kept' ? price : refunded,
      ),
      revenue: sum(
        rows.filter((line) => line.status === 'paid'),
        (line) => line.price - line.refunded,
      ),
    });
    const interfaces = [...new Set(lines.map((line) => line.interface_id))].sort((a, b) => a - b);
    return {
      sections: places,
      ticket_types: types.map(({ id, limit, section }) => {
        const mine = lines.filter((line) => line.type === id);
        const courtesy = given.filter((each) => each.type === id).length;
        const taken = count(mine, 'held', 'paid', 'kept') + courtesy;
        const left = places.find(({ section_id }) => section_id === section)?.available ?? 0;
        const free = Math.max(0, Math.min((limit ?? Number.POSITIVE_INFINITY) - taken, left));
        return {
          ...{ ticket_type_id: id, held: count(mine, 'held'), kept: count(mine, 'kept'), courtesy, free },
          books: books(mine),
        };
      }),
      interfaces: interfaces
        .filter((id) => this.booked.has(`${event_id} ${id}`))
        .map((interface_id) => ({
          interface_id,
          ...books(lines.filter((line) => line.interface_id === interface_id)),
        })),
      totals: books(lines),
    };
  }

  /** Sums of the books of all events, and what is in the drawers. */
  books() {
    const paid = this.lines.filter((line) => line.status === 'paid');
    return {
      money: this.money,
      sales: sum(paid, (line) => line.price - line.refunded),
      drawers: this.drawers.map(({ id, expected }) => ({ id, expected })),
    };
  }
}

export type EventView = ReturnType<ReplayModel['view']>;
export type Books = ReturnType<ReplayModel['books']>;
