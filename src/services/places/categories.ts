import type { z } from 'zod';
import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { type Tx, transaction } from '../../db/transaction.ts';
import { AppError, notFound } from '../../errors.ts';
import type { CategoryCreate, CategoryPatch } from '../../schemas/places.ts';
import type { Category } from '../../schemas/resources.ts';
import { recordAudit } from '../audit.ts';
import { localName } from '../catalogues/reference.ts';
import { assertFresh } from '../fresh.ts';

export type CategoryView = z.output<typeof Category>;

interface CategoryRow {
  id: number;
  code: string;
  name: { en: string; es?: string; pt?: string };
  created_at: Date;
  updated_at: Date;
}

const COLUMNS = 'id, code, name, created_at, updated_at';

const LIST = statement('category_list', `SELECT ${COLUMNS} FROM category WHERE company_id = $1 ORDER BY id`);
const READ = statement('category_read', `SELECT ${COLUMNS} FROM category WHERE company_id = $1 AND id = $2`);
const INSERT = statement(
  'category_insert',
  `INSERT INTO category (company_id, code, name) VALUES ($1, $2, $3) RETURNING ${COLUMNS}`,
);
const LOCK = statement(
  'category_lock',
  `SELECT ${COLUMNS} FROM category WHERE company_id = $1 AND id = $2 FOR UPDATE`,
);
const UPDATE = statement(
  'category_update',
  `UPDATE category SET code = $3, name = $4, updated_at = greatest(now(), updated_at + interval '1 millisecond')
   WHERE company_id = $1 AND id = $2 RETURNING ${COLUMNS}`,
);
const DELETE = statement('category_delete', 'DELETE FROM category WHERE company_id = $1 AND id = $2');
const USES = statement(
  'category_uses',
  'SELECT id FROM event WHERE company_id = $1 AND category_id = $2 ORDER BY id LIMIT 100',
);

const present = (ctx: Context, { name, ...row }: CategoryRow): CategoryView => ({
  ...row,
  name: localName(name, ctx.language),
  names: name,
});

/** The company's event categories. */
export async function listCategories(ctx: Context): Promise<CategoryView[]> {
  const rows = await ctx.system.db.query<CategoryRow>(LIST, [ctx.company_id]);
  return rows.map((row) => present(ctx, row));
}

/** @throws AppError not_found */
export async function getCategory(ctx: Context, category_id: number): Promise<CategoryView> {
  const [row] = await ctx.system.db.query<CategoryRow>(READ, [ctx.company_id, category_id]);
  if (!row) throw notFound('Category');
  return present(ctx, row);
}

/**
 * Writes a new category.
 * @throws AppError conflict when the company has one with this code
 */
export function createCategory(
  ctx: Context,
  { code, names }: z.output<typeof CategoryCreate>,
): Promise<CategoryView> {
  return transaction(ctx, async (tx) => {
    const [created] = await tx.query<CategoryRow>(INSERT, [ctx.company_id, code, names]);
    await audit(tx, ctx, 'create', null, created as CategoryRow);
    return present(ctx, created as CategoryRow);
  });
}

/**
 * Changes what is given and leaves the rest; `names` is replaced as a whole.
 * @throws AppError not_found, precondition_failed; conflict when another category has the code
 */
export function updateCategory(
  ctx: Context,
  category_id: number,
  changes: z.output<typeof CategoryPatch>,
): Promise<CategoryView> {
  return transaction(ctx, async (tx) => {
    const before = await lockCategory(tx, ctx, category_id);
    const { code = before.code, names = before.name } = changes;
    const [updated] = await tx.query<CategoryRow>(UPDATE, [ctx.company_id, category_id, code, names]);
    await audit(tx, ctx, 'update', before, updated as CategoryRow);
    return present(ctx, updated as CategoryRow);
  });
}

/**
 * Deletes a category that no event is filed under.
 * @throws AppError not_found, precondition_failed; conflict naming the events
 */
export function deleteCategory(ctx: Context, category_id: number): Promise<void> {
  return transaction(ctx, async (tx) => {
    const before = await lockCategory(tx, ctx, category_id);
    const events = await tx.query<{ id: number }>(USES, [ctx.company_id, category_id]);
    if (events.length)
      throw new AppError('conflict', 'Events are filed under this category: move them first.', {
        event_ids: events.map(({ id }) => id),
      });
    await tx.execute(DELETE, [ctx.company_id, category_id]);
    await audit(tx, ctx, 'delete', before, null);
  });
}

async function lockCategory(tx: Tx, ctx: Context, category_id: number): Promise<CategoryRow> {
  const [category] = await tx.query<CategoryRow>(LOCK, [ctx.company_id, category_id]);
  if (!category) throw notFound('Category');
  assertFresh(ctx, category.updated_at);
  return category;
}

const audit = (tx: Tx, ctx: Context, act: string, before: CategoryRow | null, after: CategoryRow | null) =>
  recordAudit(tx, ctx, {
    action: `category.${act}`,
    subject_type: 'category',
    subject_id: String((after ?? before)?.id),
    before: before && { code: before.code, names: before.name },
    after: after && { code: after.code, names: after.name },
  });
