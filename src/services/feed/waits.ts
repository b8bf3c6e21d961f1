import { statement } from '../../db/client.ts';
import type { System } from '../../system.ts';
import { Waits } from '../waits.ts';
import { sequenceChanges } from './sequence.ts';

const LATEST = statement(
  'feed_latest',
  'SELECT company_id, sequence FROM feed WHERE company_id = ANY($1::int[])',
);

/** Those who wait for the feed of their company to go beyond a number: long polls and streams. */
export class FeedWaits extends Waits<{ company_id: number; beyond: number }> {
  /** Streams that are open. */
  streams = 0;

  constructor(system: () => System) {
    super(async (waited) => {
      const companies = [...new Set(waited.map(({ company_id }) => company_id))];
      await sequenceChanges(system(), companies);
      const rows = await system().db.query<{ company_id: number; sequence: number }>(LATEST, [companies]);
      const latest = new Map(rows.map((row) => [row.company_id, row.sequence]));
      return ({ company_id, beyond }) => (latest.get(company_id) ?? 0) > beyond;
    });
  }
}
