import { LRUCache } from 'lru-cache';
import { type Database, statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';

/** What a person calls a seat. */
export interface SeatLabel {
  id: number;
  section: string;
  row: string;
  number: string;
}

const LABELS = statement(
  'seat_labels',
  `SELECT s.id, x.name AS section, r.label AS row, s.number, s.companion_of IS NOT NULL AS companion
   FROM seat s JOIN seat_row r ON r.company_id = s.company_id AND r.id = s.row_id
   JOIN section x ON x.company_id = s.company_id AND x.id = s.section_id
   WHERE s.company_id = $1 AND s.id = ANY($2::int[])`,
);

interface Known {
  label: SeatLabel;
  /** It is the seat of a companion. */
  companion: boolean;
}

/** How long a process may call seats as they were called before a map was edited by another one. */
const FRESH_MS = 5_000;

/** Labels of seats, remembered for a while: they are printed on every line and change only when a map is edited. */
export class SeatLabels {
  private readonly known = new LRUCache<string, Known>({ max: 20_000, ttl: FRESH_MS });

  /** Labels of the given seats, by id, read through the caller's own connection. Unknown ids are left out. */
  async of(
    reader: Tx | Database,
    company_id: number,
    seat_ids: readonly number[],
  ): Promise<Map<number, SeatLabel>> {
    const seats = await this.read(reader, company_id, seat_ids);
    return new Map(Array.from(seats, ([id, { label }]) => [id, label]));
  }

  /** Which of the given seats are those of companions. */
  async companionsAmong(
    reader: Tx | Database,
    company_id: number,
    seat_ids: readonly number[],
  ): Promise<Set<number>> {
    const seats = await this.read(reader, company_id, seat_ids);
    return new Set(seat_ids.filter((id) => seats.get(id)?.companion));
  }

  /** After a map was edited by this process. */
  clear(): void {
    this.known.clear();
  }

  private async read(
    reader: Tx | Database,
    company_id: number,
    seat_ids: readonly number[],
  ): Promise<Map<number, Known>> {
    const seats = new Map<number, Known>();
    const missing: number[] = [];
    for (const id of seat_ids) {
      const seat = this.known.get(`${company_id} ${id}`);
      if (seat) seats.set(id, seat);
      else missing.push(id);
    }
    if (missing.length) {
      const rows = await reader.query<SeatLabel & { companion: boolean }>(LABELS, [company_id, missing]);
      for (const { companion, ...label } of rows) {
        const seat = { label, companion };
        this.known.set(`${company_id} ${label.id}`, seat);
        seats.set(label.id, seat);
      }
    }
    return seats;
  }
}
