import { LRUCache } from 'lru-cache';
import { type Database, statement } from '../../db/client.ts';
import type { Tx } from '../../db/transaction.ts';

const READ = statement(
  'rotating_events',
  'SELECT id, rotating_codes FROM event WHERE company_id = $1 AND id = ANY($2::int[])',
);

/** A change of an event reaches its tickets within that. */
const FRESH_MS = 1_000;

/** Which events have rotating codes, at most a second old: asked for every ticket that is shown. */
export class RotatingEvents {
  readonly #known = new LRUCache<string, boolean>({ max: 10_000, ttl: FRESH_MS });

  /** Those of the given events whose codes rotate, read through the caller's own connection. */
  async among(
    reader: Tx | Database,
    company_id: number,
    event_ids: readonly number[],
  ): Promise<ReadonlySet<number>> {
    const rotating = new Set<number>();
    const missing = new Set<number>();
    for (const id of event_ids) {
      const known = this.#known.get(`${company_id} ${id}`);
      if (known) rotating.add(id);
      if (known === undefined) missing.add(id);
    }
    if (missing.size) {
      const rows = await reader.query<{ id: number; rotating_codes: boolean }>(READ, [
        company_id,
        [...missing],
      ]);
      for (const { id, rotating_codes } of rows) {
        this.#known.set(`${company_id} ${id}`, rotating_codes);
        if (rotating_codes) rotating.add(id);
      }
    }
    return rotating;
  }

  /** Forgets an event that has changed: this process goes by the change at once. */
  drop(company_id: number, event_id: number): void {
    this.#known.delete(`${company_id} ${event_id}`);
  }
}
