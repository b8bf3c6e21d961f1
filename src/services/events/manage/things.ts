import type { Context } from '../../../context.ts';
import type { Tx } from '../../../db/transaction.ts';
import { notFound } from '../../../errors.ts';
import type { BulkMode, RowResult } from '../../../schemas/bulk.ts';
import { bulkRows } from '../../bulk.ts';
import { assertFresh } from '../../fresh.ts';
import { type Counted, setCapacity } from '../../inventory/limits.ts';
import type { EventRecord } from '../lock.ts';
import { loadEvent } from '../row.ts';
import { refuseFaults } from './check.ts';
import { type Kind, statementsOf, type Thing } from './kind.ts';
import { GATES, PRODUCTS, TICKET_TYPES } from './kinds.ts';
import { auditEvent, changeEvent, touchEvent } from './touch.ts';

/** What can be done with things of one kind, by their organiser. */
interface Management<Row, New> {
  /** @throws AppError not_found */
  get(ctx: Context, event_id: number, id: number): Promise<Row>;
  /** @throws AppError not_found, validation_failed; conflict for an event that is over */
  add(ctx: Context, event_id: number, body: New): Promise<Row>;
  /** @throws AppError as bulkRows does; not_found; conflict for an event that is over */
  addMany(ctx: Context, event_id: number, mode: BulkMode | undefined, rows: unknown[]): Promise<RowResult[]>;
  /**
   * What is held or sold keeps its price and its terms.
   * @throws AppError not_found, precondition_failed, validation_failed; conflict with the figures when the limit would be
   *   less than what is held and sold
   */
  change(ctx: Context, event_id: number, id: number, patch: object): Promise<Row>;
  /** @throws AppError not_found, precondition_failed; conflict when something would break without it */
  remove(ctx: Context, event_id: number, id: number): Promise<void>;
}

export const ticketTypes = manage(TICKET_TYPES);
export const products = manage(PRODUCTS);
export const gates = manage(GATES);

function manage<Row extends Thing, New extends object>(kind: Kind<Row, New>): Management<Row, New> {
  const sql = statementsOf(kind as Kind<never, never>);
  const { table, title, limited, plural, schema: row } = kind;

  async function insert(tx: Tx, ctx: Context, event: EventRecord, body: New): Promise<Row> {
    const made = { ...kind.defaults, ...body } as New;
    refuseFaults(await kind.faults(tx, event, made as unknown as Row));
    const [written] = (await tx.query<Row>(sql.insert, [ctx.company_id, event.id, JSON.stringify(made)])) as [
      Row,
    ];
    await auditEvent(tx, ctx, {
      ...{ action: `${table}.create`, subject_type: table, subject_id: written.id, after: written },
    });
    return written;
  }

  async function locked(tx: Tx, ctx: Context, event_id: number, id: number): Promise<Row> {
    const [found] = await tx.query<Row>(sql.lock, [ctx.company_id, event_id, id]);
    if (!found) throw notFound(title);
    assertFresh(ctx, found.updated_at);
    return found;
  }

  return {
    async get(ctx, event_id, id) {
      await loadEvent(ctx, event_id);
      const [found] = await ctx.system.db.query<Row>(sql.read, [ctx.company_id, event_id, id]);
      if (!found) throw notFound(title);
      return found;
    },
    add: (ctx, event_id, body) =>
      changeEvent(ctx, event_id, async (tx, event) => {
        const made = await insert(tx, ctx, event, body);
        await touchEvent(tx, ctx, event_id, { [`${table}_ids`]: [made.id] });
        return made;
      }),
    addMany: (ctx, event_id, mode, rows) =>
      changeEvent(ctx, event_id, async (tx, event) => {
        const results = await bulkRows(tx, mode, rows, {
          ...{ name: plural, root: table, row },
          write: (tx, body) => insert(tx, ctx, event, body),
        });
        const made = results.flatMap((result) => ((result[table] as Row | null) ?? { id: [] }).id);
        await touchEvent(tx, ctx, event_id, { [`${table}_ids`]: made });
        return results;
      }),
    change: (ctx, event_id, id, patch) =>
      changeEvent(ctx, event_id, async (tx, event) => {
        const before = await locked(tx, ctx, event_id, id);
        const { capacity, ...columns } = patch as { capacity?: number | null };
        refuseFaults(await kind.faults(tx, event, { ...before, ...columns }));
        const counted = before as unknown as Counted;
        if (limited && capacity !== undefined && capacity !== counted.capacity)
          await setCapacity(tx, limited, counted, capacity);
        const values = [ctx.company_id, event_id, id, JSON.stringify(columns)];
        const [after] = (await tx.query<Row>(sql.update, values)) as [Row];
        await auditEvent(tx, ctx, {
          ...{ action: `${table}.update`, subject_type: table, subject_id: id, before, after },
        });
        await touchEvent(tx, ctx, event_id, { [`${table}_ids`]: [id] });
        return after;
      }),
    remove: (ctx, event_id, id) =>
      changeEvent(ctx, event_id, async (tx) => {
        const before = await locked(tx, ctx, event_id, id);
        await kind.requireRemovable(tx, before);
        await tx.execute(sql.remove, [ctx.company_id, event_id, id]);
        await auditEvent(tx, ctx, {
          ...{ action: `${table}.delete`, subject_type: table, subject_id: id, before },
        });
        await touchEvent(tx, ctx, event_id, { [`${table}_ids`]: [id] });
      }),
  };
}
