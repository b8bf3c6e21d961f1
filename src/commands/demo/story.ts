import { randomUUID } from 'node:crypto';
import { qrTerminal } from '../../services/tickets/qr-image.ts';
import { type Client, StoryError, signIn } from './client.ts';
import { amount, aside, chapter, drawing, told } from './terminal.ts';

/** Values of the environment file, by name. */
export type Environment = Readonly<Record<string, string>>;

interface Seat {
  id: number;
  row: string;
  number: string;
  status: string;
  accessible: boolean;
  companion_of: number | null;
}

interface Event {
  id: number;
  name: string;
  starts_at: string;
  sales_status: string;
}

interface TicketType {
  id: number;
  name: string;
  total: number;
  currency: string;
  section_ids: number[];
  remaining?: number;
}

interface Cart {
  id: string;
  status: string;
  currency: string;
  expires_at: string;
  totals: { total: number };
}

interface Ticket {
  id: string;
  qr_code: string;
  seat: { section: string; row: string; number: string } | null;
}

/** Seats bought together. */
const TOGETHER = 2;

/**
 * A ticket from the first token to the closed door, each step checked.
 * @throws StoryError at the first step that is not as told
 */
export async function tellStory(url: string, environment: Environment): Promise<void> {
  const needed = (name: string): string => {
    const value = environment[name];
    if (!value) throw new StoryError(`The environment file has no ${name}.`);
    return value;
  };
  const event_id = needed('demo_theatre_event_id');

  chapter(1, 'A web shop gets its token');
  const shop = await signIn(
    url,
    needed('demo_web_client_id'),
    needed('demo_web_client_secret'),
    'public buy',
  );

  chapter(2, 'It shows what is on');
  const { events } = await shop.call<{ events: Event[] }>(200, 'GET', '/events?on_sale=true');
  for (const event of events) told(`${event.starts_at.slice(0, 10)}  ${event.name} (${event.sales_status})`);

  chapter(3, 'A buyer looks at the seats');
  const { ticket_types } = await shop.call<{ ticket_types: TicketType[] }>(
    200,
    'GET',
    `/events/${event_id}/ticket_types`,
  );
  const [type] = ticket_types;
  if (!type) throw new StoryError('The event has no ticket types.');
  const address = `/events/${event_id}/maps/${needed('map_id')}/seats?section_id=${type.section_ids[0]}`;
  const { seats } = await shop.call<{ seats: Seat[] }>(200, 'GET', address);
  const free = seats.filter((seat) => seat.status === 'available');
  told(
    `${type.name}: ${amount(type.total, type.currency)} a seat, ${free.length} of ${seats.length} are free`,
  );
  const chosen = neighbours(free);
  told(`chosen: ${chosen.map((seat) => `row ${seat.row} seat ${seat.number}`).join(', ')}`);

  chapter(4, 'The seats are held');
  const seat_ids = chosen.map((seat) => seat.id);
  const items = [{ ticket_type_id: type.id, seat_ids }];
  const buyer = { first_name: 'Ada', last_name: 'Lovelace', email: 'ada@example.com' };
  const { cart } = await shop.call<{ cart: Cart }>(201, 'POST', '/carts', { items, buyer });
  told(`cart ${cart.id}: ${amount(cart.totals.total, cart.currency)}, held until ${cart.expires_at}`);
  const refusal = await shop.call<{ code: string }>(409, 'POST', '/carts', { items });
  expect(refusal.code, 'seats_unavailable');
  aside('somebody else asks for the same seats and is refused');

  chapter(5, 'The buyer pays');
  const { payment } = await shop.call<{ payment: { status: string; amount: number } }>(
    ...([201, 'POST', `/carts/${cart.id}/payments`] as const),
    { method: 'card', card: { token: 'sandbox_approved' } },
  );
  expect(payment.status, 'captured');
  told(`${amount(payment.amount, cart.currency)} ${payment.status}`);

  chapter(6, 'And has the tickets');
  const { tickets } = await shop.call<{ tickets: Ticket[] }>(200, 'GET', `/carts/${cart.id}/tickets`);
  expect(tickets.length, TOGETHER);
  const [ticket] = tickets as [Ticket];
  for (const { seat } of tickets) told(`${seat?.section}, row ${seat?.row}, seat ${seat?.number}`);
  drawing(await qrTerminal(ticket.qr_code));

  chapter(7, 'The door accepts the ticket');
  const door = await signIn(
    ...([url, needed('demo_admin_client_id'), needed('demo_admin_client_secret')] as const),
    'public sell admin',
  );
  await scan(door, ticket, event_id, { result: 'accepted', reason: null });

  chapter(8, 'The same ticket again is refused');
  await scan(door, ticket, event_id, { result: 'rejected', reason: 'already_used' });

  chapter(9, 'The organiser reads the report');
  await readReport(door, event_id);
}

/** Free neighbours in the middle of the first row that has any; seats come in the order of the map. */
function neighbours(free: readonly Seat[]): Seat[] {
  const open = free.filter((seat) => !seat.accessible && seat.companion_of === null);
  const runs = open
    .map((_, i) => open.slice(i, i + TOGETHER))
    .filter(
      (run) =>
        run.length === TOGETHER &&
        run.every((seat, k) => seat.row === run[0]?.row && Number(seat.number) === Number(run[0].number) + k),
    );
  const row = runs.filter(([seat]) => seat?.row === runs[0]?.[0]?.row);
  const chosen = row[Math.floor(row.length / 2)];
  if (!chosen) throw new StoryError(`No ${TOGETHER} free seats are side by side.`);
  return chosen;
}

async function scan(
  door: Client,
  { qr_code }: Ticket,
  event_id: string,
  expected: { result: string; reason: string | null },
): Promise<void> {
  const { validation } = await door.call<{ validation: { result: string; reason: string | null } }>(
    ...([201, 'POST', '/validations'] as const),
    { qr_code, event_id: Number(event_id), nonce: randomUUID() },
  );
  expect(validation.result, expected.result);
  expect(validation.reason, expected.reason);
  told(validation.reason ? `${validation.result}: ${validation.reason}` : validation.result);
}

async function readReport(door: Client, event_id: string): Promise<void> {
  const { report } = await door.call<{ report: Report }>(200, 'GET', `/events/${event_id}/report`);
  const { totals, currency } = report;
  told(`${totals.sold} sold, ${totals.free} free, revenue ${amount(totals.revenue, currency)}`);
  if (totals.sold < TOGETHER) throw new StoryError('The report misses the sale.');
}

interface Report {
  currency: string;
  totals: { sold: number; free: number; revenue: number };
}

function expect(value: unknown, wanted: unknown): void {
  if (value !== wanted) throw new StoryError(`Expected ${wanted}, and got ${value}.`);
}
