import type { Context } from '../../context.ts';
import { statement } from '../../db/client.ts';
import { notFound } from '../../errors.ts';
import type { Page, PageRequest } from '../../routing/answers.ts';
import { emailKey, ownUserId, reach, USER_COLUMNS, type UserRow } from './row.ts';

const FIND = statement(
  'user_find',
  `SELECT ${USER_COLUMNS} FROM user_account
   WHERE company_id = $1 AND id = $2 AND ($3::int IS NULL OR id = $3) AND erased_at IS NULL`,
);
const MATCHES = `company_id = $1 AND erased_at IS NULL AND ($2::text IS NULL OR email_key = $2)
  AND ($3::text IS NULL OR strpos(lower(first_name || ' ' || last_name || ' ' || email), lower($3)) > 0)`;
const LIST = statement(
  'user_list',
  `SELECT ${USER_COLUMNS} FROM user_account WHERE ${MATCHES} ORDER BY id LIMIT $4 OFFSET $5`,
);
const COUNT = statement('user_count', `SELECT count(*) AS total FROM user_account WHERE ${MATCHES}`);

/**
 * Users may be read by themselves, `sell` and `admin`.
 * @throws AppError not_found, user_required
 */
export async function getUser(ctx: Context, user_id: number): Promise<UserRow> {
  const values = [ctx.company_id, user_id, reach(ctx, ['sell', 'admin'])];
  const [user] = await ctx.system.db.query<UserRow>(FIND, values);
  if (!user) throw notFound('User');
  return user;
}

/** @throws AppError user_required for a token without a user */
export const getMe = async (ctx: Context): Promise<UserRow> => getUser(ctx, ownUserId(ctx));

/** Users of the company, by id. */
export async function listUsers(
  ctx: Context,
  filter: { email?: string | undefined; q?: string | undefined },
  page: PageRequest,
): Promise<Page<UserRow>> {
  const { db } = ctx.system;
  const values = [
    ctx.company_id,
    filter.email === undefined ? null : emailKey(filter.email),
    filter.q ?? null,
  ];
  const [items, [count]] = await Promise.all([
    db.query<UserRow>(LIST, [...values, page.limit, page.offset]),
    db.scan<{ total: number }>(COUNT, values),
  ]);
  return { items, total: count?.total ?? 0 };
}
