import type { Check } from './check.ts';

/** SQL: whether line `l` still has its place. */
const COUNTING = `(l.status IN ('held', 'paid') OR l.stock_kept)`;

/** What is kept for somebody is neither given to others nor lost. */
export const blockChecks: readonly Check[] = [
  {
    name: 'allotment_not_exceeded',
    proves: 'No more of an allotment was taken than was put aside.',
    sql: `
      SELECT company_id, event_id, id AS block_id, interface_id, code_id, quantity, taken FROM block
      WHERE taken < 0 OR taken > quantity`,
  },
  {
    name: 'block_taken_matches_lines',
    proves:
      'Taken of a block without seats is what its lines add up to; no line takes from a block of another place, or from one that was released.',
    sql: `
      SELECT company_id, coalesce(b.event_id, n.event_id) AS event_id, section_id, id AS block_id, b.taken, n.taken AS taken_rows
      FROM (SELECT company_id, event_id, section_id, id, taken FROM block
        WHERE released_at IS NULL AND section_id IS NOT NULL AND quantity IS NOT NULL) AS b
      FULL JOIN (SELECT l.company_id, l.event_id, l.section_id, l.block_id AS id, sum(l.quantity) AS taken FROM sale_detail l
        WHERE l.block_id IS NOT NULL AND l.seat_id IS NULL AND ${COUNTING}
        GROUP BY l.company_id, l.event_id, l.section_id, l.block_id) AS n USING (company_id, section_id, id)
      WHERE coalesce(b.taken, 0) <> coalesce(n.taken, 0) OR b.event_id <> n.event_id`,
  },
  {
    name: 'seat_fits_its_block',
    proves:
      'A blocked seat belongs to a block, a free one to none; it is a block of its event that was not released.',
    sql: `
      SELECT s.company_id, s.event_id, s.seat_id, s.status AS seat_status, s.block_id
      FROM event_seat s
      LEFT JOIN block b ON b.company_id = s.company_id AND b.id = s.block_id AND b.event_id = s.event_id
        AND b.released_at IS NULL AND b.section_id IS NULL
      WHERE CASE WHEN s.block_id IS NULL THEN s.status = 'blocked' ELSE s.status = 'available' OR b.id IS NULL END`,
  },
  {
    name: 'nested_block_has_its_parent',
    proves:
      'The block around one that keeps places is older, of the same event and section, and keeps places as well.',
    sql: `
      SELECT c.company_id, c.event_id, c.id AS block_id, c.parent_id, p.released_at AS parent_released_at
      FROM block c
      LEFT JOIN block p ON p.company_id = c.company_id AND p.id = c.parent_id AND p.event_id = c.event_id
        AND p.section_id IS NOT DISTINCT FROM c.section_id AND p.id < c.id AND p.released_at IS NULL
      WHERE c.parent_id IS NOT NULL AND c.released_at IS NULL AND p.id IS NULL`,
  },
];
