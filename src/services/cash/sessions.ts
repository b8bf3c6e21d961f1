import type { Context } from '../../context.ts';
import { type Database, statement } from '../../db/client.ts';
import { type Tx, transaction } from '../../db/transaction.ts';
import { AppError, fieldError, notFound } from '../../errors.ts';
import type { Page, PageRequest } from '../../routing/answers.ts';
import type {
  CashMovement,
  CashSession,
  CloseCashSession,
  NewCashMovement,
  OpenCashSession,
} from '../../schemas/cash.ts';
import { uuidv7 } from '../../uuid.ts';
import { recordAudit } from '../audit.ts';

interface SessionRow extends Omit<CashSession, 'status' | 'expected' | 'difference'> {
  company_id: number;
  expected: number | null;
}

const SUMS = `s.*,
  (SELECT coalesce(sum(m.amount) FILTER (WHERE m.kind = 'payment'), 0)::int FROM cash_movement m
    WHERE m.company_id = s.company_id AND m.cash_session_id = s.id) AS payments,
  (SELECT coalesce(-sum(m.amount) FILTER (WHERE m.kind = 'refund'), 0)::int FROM cash_movement m
    WHERE m.company_id = s.company_id AND m.cash_session_id = s.id) AS refunds,
  (SELECT coalesce(sum(m.amount) FILTER (WHERE m.kind = 'pay_in'), 0)::int FROM cash_movement m
    WHERE m.company_id = s.company_id AND m.cash_session_id = s.id) AS paid_in,
  (SELECT coalesce(-sum(m.amount) FILTER (WHERE m.kind = 'pay_out'), 0)::int FROM cash_movement m
    WHERE m.company_id = s.company_id AND m.cash_session_id = s.id) AS paid_out`;
const HERE = 'FROM cash_session s WHERE s.company_id = $1 AND s.interface_id = $2';

const CURRENCY = statement('cash_currency', 'SELECT code FROM currency WHERE code = $1');
const OPEN = statement(
  'cash_session_open',
  `INSERT INTO cash_session (company_id, id, interface_id, client_id, currency, opening, note)
   VALUES ($1, $2, $3, $4, $5, $6, $7)
   ON CONFLICT (company_id, interface_id, client_id, currency) WHERE closed_at IS NULL DO NOTHING`,
);
const OPEN_NOW = statement(
  'cash_session_open_now',
  `SELECT s.id ${HERE} AND s.client_id = $3 AND s.currency = $4 AND s.closed_at IS NULL`,
);
const FIND = statement('cash_session_find', `SELECT ${SUMS} ${HERE} AND s.id = $3`);
const LOCK = statement('cash_session_lock', `SELECT s.id ${HERE} AND s.id = $3 FOR UPDATE`);
const FILTER =
  'AND ($3::bool IS NULL OR (s.closed_at IS NULL) = $3) AND ($4::text IS NULL OR s.client_id = $4)';
const LIST = statement(
  'cash_session_list',
  `SELECT ${SUMS} ${HERE} ${FILTER} ORDER BY s.opened_at DESC, s.id DESC LIMIT $5 OFFSET $6`,
);
const COUNT = statement('cash_session_count', `SELECT count(*) AS total ${HERE} ${FILTER}`);
const CLOSE = statement(
  'cash_session_close',
  `UPDATE cash_session SET closed_at = now(), counted = $3, expected = $4, note = coalesce($5, note)
   WHERE company_id = $1 AND id = $2 AND closed_at IS NULL`,
);
const MOVE = statement(
  'cash_movement_add',
  `INSERT INTO cash_movement (company_id, id, cash_session_id, kind, amount, reason) VALUES ($1, $2, $3, $4, $5, $6)
   RETURNING *`,
);
const OF_SESSION = 'FROM cash_movement m WHERE m.company_id = $1 AND m.cash_session_id = $2';
const MOVEMENTS = statement(
  'cash_movement_list',
  `SELECT m.* ${OF_SESSION} ORDER BY m.created_at, m.id LIMIT $3 OFFSET $4`,
);
const COUNT_MOVEMENTS = statement('cash_movement_count', `SELECT count(*) AS total ${OF_SESSION}`);

const subject = (id: string) => ({ subject_type: 'cash_session', subject_id: id });

/**
 * Opens the cash drawer of the caller's client on this interface, in one currency. Cash in it that the client takes and
 * gives back from then on is in the drawer.
 * @throws AppError conflict while one is open; validation_failed for a currency that there is not
 */
export function openCashSession(
  ctx: Context,
  { opening, currency = ctx.interface.currency, note }: OpenCashSession,
): Promise<CashSession> {
  return transaction(ctx, async (tx) => {
    if (currency !== ctx.interface.currency && !(await tx.query(CURRENCY, [currency])).length)
      throw fieldError('/currency', 'No such currency.', 'not_found');
    const id = uuidv7();
    const here = [ctx.company_id, ctx.interface.id];
    const values = [ctx.company_id, id, ctx.interface.id, ctx.client_id, currency, opening, note ?? null];
    if (!(await tx.execute(OPEN, values))) {
      const [open] = await tx.query<{ id: string }>(OPEN_NOW, [...here, ctx.client_id, currency]);
      throw new AppError('conflict', 'A cash session is open already: close it first.', {
        cash_session_id: open?.id ?? null,
      });
    }
    await recordAudit(tx, ctx, {
      action: 'cash_session.open',
      ...subject(id),
      before: null,
      after: { opening, currency },
    });
    return find(tx, ctx, id);
  });
}

/**
 * One cash session of the interface, with what went through it.
 * @throws AppError not_found
 */
export const getCashSession = (ctx: Context, id: string): Promise<CashSession> =>
  find(ctx.system.db, ctx, id);

async function find(reader: Tx | Database, ctx: Context, id: string): Promise<CashSession> {
  const values = [ctx.company_id, ctx.interface.id, id];
  const [row] = await (reader as Database).query<SessionRow>(FIND, values);
  if (!row) throw notFound('Cash session');
  return present(row);
}

function present(row: SessionRow): CashSession {
  const { opening, payments, refunds, paid_in, paid_out, counted } = row;
  const expected = row.expected ?? opening + payments - refunds + paid_in - paid_out;
  return {
    id: row.id,
    interface_id: row.interface_id,
    client_id: row.client_id,
    status: row.closed_at ? 'closed' : 'open',
    currency: row.currency,
    ...{ opening, payments, refunds, paid_in, paid_out, expected, counted },
    difference: counted === null ? null : counted - expected,
    note: row.note,
    opened_at: row.opened_at,
    closed_at: row.closed_at,
  };
}

/** The cash sessions of the interface, newest first. */
export async function listCashSessions(
  ctx: Context,
  { status, client_id }: { status?: CashSession['status'] | undefined; client_id?: string | undefined },
  page: PageRequest,
): Promise<Page<CashSession>> {
  const open = status === undefined ? null : status === 'open';
  const values = [ctx.company_id, ctx.interface.id, open, client_id ?? null];
  const { db } = ctx.system;
  const [count] = await db.query<{ total: number }>(COUNT, values);
  const rows = await db.query<SessionRow>(LIST, [...values, page.limit, page.offset]);
  return { items: rows.map(present), total: count?.total ?? 0 };
}

/**
 * What went through a drawer, in order.
 * @throws AppError not_found
 */
export async function listCashMovements(
  ctx: Context,
  id: string,
  page: PageRequest,
): Promise<Page<CashMovement>> {
  await getCashSession(ctx, id);
  const { db } = ctx.system;
  const [count] = await db.query<{ total: number }>(COUNT_MOVEMENTS, [ctx.company_id, id]);
  const items = await db.query<CashMovement>(MOVEMENTS, [ctx.company_id, id, page.limit, page.offset]);
  return { items, total: count?.total ?? 0 };
}

/** Locks a session that must be open. Money on its way into it has arrived or waits. */
async function lockOpen(tx: Tx, ctx: Context, id: string): Promise<CashSession> {
  const [row] = await tx.query(LOCK, [ctx.company_id, ctx.interface.id, id]);
  if (!row) throw notFound('Cash session');
  const session = await find(tx, ctx, id);
  if (session.status === 'closed') throw new AppError('conflict', 'This cash session is closed.');
  return session;
}

/**
 * Puts money into an open drawer, or takes some out, for a reason that is no sale.
 * @throws AppError not_found; conflict when it is closed, or holds less than is to be taken out
 */
export function addCashMovement(ctx: Context, id: string, body: NewCashMovement): Promise<CashMovement> {
  return transaction(ctx, async (tx) => {
    const { expected } = await lockOpen(tx, ctx, id);
    const amount = body.kind === 'pay_out' ? -body.amount : body.amount;
    if (expected + amount < 0)
      throw new AppError('conflict', 'There is less in the drawer than is to be taken out.', { expected });
    const values = [ctx.company_id, uuidv7(), id, body.kind, amount, body.reason];
    const [movement] = await tx.query<CashMovement>(MOVE, values);
    await recordAudit(tx, ctx, {
      ...{ action: `cash_session.${body.kind}`, ...subject(id) },
      ...{ before: { expected }, after: { expected: expected + amount, reason: body.reason } },
    });
    return movement as CashMovement;
  });
}

/**
 * Closes a drawer with what was counted in it; the difference stays on record.
 * @throws AppError not_found, conflict when it is closed already
 */
export function closeCashSession(ctx: Context, id: string, body: CloseCashSession): Promise<CashSession> {
  return transaction(ctx, async (tx) => {
    const { expected } = await lockOpen(tx, ctx, id);
    await tx.execute(CLOSE, [ctx.company_id, id, body.counted, expected, body.note ?? null]);
    await recordAudit(tx, ctx, {
      ...{ action: 'cash_session.close', ...subject(id) },
      ...{ before: { expected }, after: { counted: body.counted, difference: body.counted - expected } },
    });
    return find(tx, ctx, id);
  });
}
