import { parse } from 'csv-parse/sync';
import ExcelJS from 'exceljs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runJobs } from '../../src/jobs/worker.ts';
import { purgeExports } from '../../src/services/exports/manage.ts';
import { type ApiWorld, apiWorld, type Who } from '../helpers/api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await apiWorld();
});
afterAll(() => world.close());

const start = async (body: object, who: Who = 'admin') => {
  const answer = await world.call('POST', '/exports', { who, body });
  expect(answer.statusCode, answer.body).toBe(202);
  expect(answer.headers.location).toBe(`/jobs/${answer.json().job.id}`);
  return answer.json().job.id as string;
};
const result = async (job: string, who: Who = 'admin') =>
  (await world.call('GET', `/jobs/${job}/result`, { who })).json().export;
/** The finished file. */
async function file(body: object, who: Who = 'admin') {
  const job = await start(body, who);
  await runJobs(world.system);
  const made = await result(job, who);
  const answer = await world.call('GET', made.url, { who });
  expect(answer.statusCode, answer.body).toBe(200);
  return { made, answer };
}
const csvOf = async (body: object, who?: Who): Promise<Record<string, string>[]> => {
  const { answer } = await file({ format: 'csv', ...body }, who);
  return parse(answer.body, { columns: true });
};
const sheetsOf = async (bytes: Buffer) => {
  const book = new ExcelJS.Workbook();
  await book.xlsx.load(bytes as never);
  return book.worksheets.map(({ name, rowCount, getRow }) => ({
    name,
    rows: Array.from({ length: rowCount }, (_, i) => i + 1),
    getRow,
  }));
};

const EVIL = '=cmd|"/c calc"!A1';
async function evilSale(): Promise<string> {
  const body = {
    items: [{ ...world.items[0], holder: { first_name: EVIL, last_name: '+1', email: 'a@mail.com' } }],
    buyer: { first_name: '@SUM(A1)', last_name: 'Róe <b> & "c"', email: 'b@mail.com', phone: '+34 600' },
  };
  const { cart } = (await world.call('POST', '/carts', { who: 'seller', body })).json();
  await world.call('POST', `/carts/${cart.id}/payments`, { who: 'seller', body: { method: 'cash' } });
  return cart.id;
}

test('sales, attendees, ledger and codes in every format say the same', async () => {
  const cart_id = await evilSale();
  const { id: refunded, line } = await world.paid('seller');
  await world.call('POST', `/carts/${refunded}/refunds`, {
    ...{ who: 'seller', body: { sale_detail_ids: [line], reason: 'Ill' } },
  });
  for (const resource of ['sales', 'attendees', 'ledger', 'codes']) {
    const rows = await csvOf({ resource });
    const { made, answer: json } = await file({ resource, format: 'json' });
    const objects = json.json()[resource] as Record<string, unknown>[];
    expect(made).toMatchObject({ resource, format: 'json', rows: objects.length });
    expect(json.headers['content-disposition']).toBe(`attachment; filename="${resource}-${made.id}.json"`);
    const columns = Object.keys(objects[0] ?? {});
    expect(rows.map((row) => row.id)).toEqual(objects.map(({ id }) => String(id)));
    expect(objects.length).toBeGreaterThan(0);
    const text = (value: unknown) => (value === null ? '' : String(value));
    for (const [i, object] of objects.entries())
      for (const column of columns) {
        const cell = rows[i]?.[column];
        expect(cell === text(object[column]) || cell === `'${object[column]}`, `${column}: ${cell}`).toBe(
          true,
        );
      }
    const { answer: xlsx } = await file({ resource, format: 'xlsx' });
    expect(xlsx.headers['content-type']).toContain('spreadsheetml');
    const [sheet] = await sheetsOf(xlsx.rawPayload);
    expect(sheet?.name).toBe(resource);
    expect(sheet?.rows).toHaveLength(objects.length + 1);
    const book = new ExcelJS.Workbook();
    await book.xlsx.load(xlsx.rawPayload as never);
    const cells = (n: number) =>
      columns.map((_, i) => book.worksheets[0]?.getRow(n).getCell(i + 1).value ?? null);
    expect(cells(1)).toEqual(columns);
    for (const [i, object] of objects.entries())
      expect(cells(i + 2).map((cell) => (cell instanceof Date ? cell.toISOString() : cell))).toEqual(
        columns.map((column) => object[column]),
      );
  }
  const sales = await csvOf({ resource: 'sales', filters: { event_id: world.event_id } });
  expect(sales.find((row) => row.cart_id === cart_id)).toMatchObject({
    ...{ status: 'paid', event: 'Tonight', kind: 'ticket', quantity: '1', currency: 'EUR' },
    ...{ buyer_first_name: "'@SUM(A1)", buyer_last_name: 'Róe <b> & "c"', buyer_phone: "'+34 600" },
  });
  const attendees = await csvOf({ resource: 'attendees' });
  expect(attendees.find((row) => row.cart_id === cart_id)).toMatchObject({
    first_name: `'${EVIL}`,
    last_name: "'+1",
  });
});

test('negative amounts stay numbers: the ledger of a file adds up to nothing for what was refunded', async () => {
  const { id: cart } = await world.paid('seller');
  await world.call('POST', `/carts/${cart}/refunds`, { who: 'seller', body: { reason: 'Ill' } });
  const rows = (await csvOf({ resource: 'ledger' })).filter((row) => row.cart_id === cart);
  const sum = (kinds: string[]) =>
    rows.filter(({ kind }) => kinds.includes(kind as string)).reduce((n, row) => n + Number(row.amount), 0);
  expect(rows.length).toBeGreaterThanOrEqual(4);
  expect(sum(['sale', 'reversal'])).toBe(0);
  expect(sum(['payment', 'refund'])).toBe(0);
  expect(rows.some(({ amount }) => /^-\d+$/.test(amount as string))).toBe(true);
});

test('filters: event, time, status; sell gets its own interface, admin all or one', async () => {
  const { pos, web } = world.accounts.interfaces;
  const items = [{ ticket_type_id: world.elsewhere.ticket_type_ids[0], quantity: 1 }];
  const { cart } = (await world.call('POST', '/carts', { who: 'pos', body: { items } })).json();
  await world.call('POST', `/carts/${cart.id}/payments`, { who: 'pos', body: { method: 'cash' } });
  const interfaces = async (filters: object, who?: Who) =>
    [
      ...new Set((await csvOf({ resource: 'sales', filters }, who)).map((row) => Number(row.interface_id))),
    ].sort();
  expect(await interfaces({})).toEqual([web, pos].sort());
  expect(await interfaces({ interface_id: pos })).toEqual([pos]);
  expect(await interfaces({}, 'seller')).toEqual([web]);
  expect(await interfaces({}, 'pos')).toEqual([pos]);
  expect(await csvOf({ resource: 'sales' }, 'rival')).toEqual([]);
  expect(await csvOf({ resource: 'sales', filters: { to: '2020-01-01T00:00:00Z' } })).toEqual([]);
  const refunded = await csvOf({ resource: 'sales', filters: { status: ['refunded'] } });
  expect(new Set(refunded.map(({ status }) => status))).toEqual(new Set(['refunded']));
  expect(await csvOf({ resource: 'codes', filters: { status: ['inactive'] } })).toEqual([]);

  const refusal = async (body: object, who: Who = 'admin') => {
    const answer = await world.call('POST', '/exports', {
      who,
      body: { resource: 'sales', format: 'csv', ...body },
    });
    return [answer.statusCode, answer.json().errors?.map(({ pointer }: { pointer: string }) => pointer)];
  };
  expect(await refusal({ filters: { interface_id: pos } }, 'seller')).toEqual([
    422,
    ['/filters/interface_id'],
  ]);
  expect(await refusal({ filters: { event_id: world.foreign.event_id } })).toEqual([
    422,
    ['/filters/event_id'],
  ]);
  expect(await refusal({ filters: { event_id: world.elsewhere.event_id } }, 'seller')).toEqual([
    422,
    ['/filters/event_id'],
  ]);
  expect(await refusal({ filters: { status: ['paid', 'lost'] } })).toEqual([422, ['/filters/status/1']]);
});

test('a file belongs to who asked for it, is not there before it is whole, and expires', async () => {
  const job = await start({ resource: 'sales', format: 'csv' }, 'seller');
  const { rows } = await world.system.db.pool.query('SELECT id FROM export WHERE job_id = $1', [job]);
  const url = `/exports/${rows[0].id}`;
  const early = await world.call('GET', `${url}/file`, { who: 'seller' });
  expect([early.statusCode, early.json().code, early.json().job_id]).toEqual([409, 'conflict', job]);
  expect((await world.call('GET', url, { who: 'seller' })).json().export).toMatchObject({
    url: null,
    finished_at: null,
  });
  await runJobs(world.system);
  for (const [who, status] of [
    ['seller', 200],
    ['pos', 404],
    ['rival', 404],
    ['admin', 200],
  ] as [Who, number][]) {
    expect([who, (await world.call('GET', url, { who })).statusCode]).toEqual([who, status]);
    expect([who, (await world.call('GET', `${url}/file`, { who })).statusCode]).toEqual([who, status]);
  }
  await world.system.db.pool.query(
    `UPDATE export SET expires_at = now() - interval '1 second' WHERE job_id = $1`,
    [job],
  );
  expect((await world.call('GET', `${url}/file`, { who: 'seller' })).statusCode).toBe(404);
  await purgeExports(world.system.db);
  const left =
    'SELECT (SELECT count(*) FROM export WHERE id = $1) + (SELECT count(*) FROM export_chunk WHERE export_id = $1) AS n';
  expect((await world.system.db.pool.query(left, [rows[0].id])).rows).toEqual([{ n: 0 }]);
});

test('many chunks: every row once, in order; progress is told', async () => {
  const { company_id, interfaces } = world.accounts;
  const book = (n: number) =>
    world.system.db.pool.query(
      `INSERT INTO ledger_entry (company_id, id, kind, cart_id, interface_id, amount, currency)
       SELECT $1, uuidv7(), 'sale', gen_random_uuid(), $2, i, 'EUR' FROM generate_series(1, $3) i`,
      [company_id, interfaces.pos, n],
    );
  await book(6_345);
  const filters = { interface_id: interfaces.pos, status: ['sale'] };
  for (const format of ['csv', 'json', 'xlsx']) {
    const { made, answer } = await file({ resource: 'ledger', format, filters });
    expect(made.rows).toBeGreaterThanOrEqual(6_345);
    const job = (await world.call('GET', `/jobs/${made.job_id}`, { who: 'admin' })).json().job;
    expect(job).toMatchObject({ kind: 'export', status: 'succeeded' });
    if (format === 'xlsx') {
      const [sheet] = await sheetsOf(answer.rawPayload);
      expect(sheet?.rows).toHaveLength(made.rows + 1);
      continue;
    }
    const rows: { id: string }[] =
      format === 'csv' ? parse(answer.body, { columns: true }) : answer.json().ledger;
    expect(rows).toHaveLength(made.rows);
    expect(rows.map(({ id }) => id)).toEqual([...new Set(rows.map(({ id }) => id))].sort());
  }
});

test('sales and attendees of an event, as pages and as CSV', async () => {
  const list = (
    await world.call('GET', `/events/${world.event_id}/sales?per_page=100`, { who: 'admin' })
  ).json().sales;
  const csv = await world.call('GET', `/events/${world.event_id}/sales.csv`, { who: 'admin' });
  expect(csv.headers['content-type']).toBe('text/csv; charset=utf-8');
  expect(csv.headers['content-disposition']).toBe('attachment; filename="sales.csv"');
  const rows: Record<string, string>[] = parse(csv.body, { columns: true });
  expect(rows.map(({ id }) => id)).toEqual(list.map(({ id }: { id: string }) => id).reverse());
  expect(rows.every(({ event_id }) => Number(event_id) === world.event_id)).toBe(true);
  const paid = await world.call('GET', `/events/${world.event_id}/sales?status=paid`, { who: 'admin' });
  expect(paid.json().sales.every(({ status }: { status: string }) => status === 'paid')).toBe(true);
  const attendees = await world.call('GET', `/events/${world.event_id}/tickets.csv?status=valid`, {
    who: 'seller',
  });
  const people: Record<string, string>[] = parse(attendees.body, { columns: true });
  expect(people.map(({ first_name }) => first_name)).toContain(`'${EVIL}`);
  expect(people.every(({ status }) => status === 'valid')).toBe(true);
  const none = await world.call('GET', `/events/${world.elsewhere.event_id}/sales.csv`, { who: 'pos' });
  expect(parse(none.body, { columns: true })).toHaveLength(1);
  for (const path of ['sales', 'sales.csv', 'tickets.csv'])
    expect(
      (await world.call('GET', `/events/${world.elsewhere.event_id}/${path}`, { who: 'seller' })).statusCode,
    ).toBe(404);
});
