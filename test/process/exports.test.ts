import { buffer, text } from 'node:stream/consumers';
import { parse } from 'csv-parse/sync';
import ExcelJS from 'exceljs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createExport, downloadExport } from '../../src/services/exports/manage.ts';
import { getJob } from '../../src/services/jobs/read.ts';
import { recoverSteps } from '../../src/services/jobs/steps.ts';
import { runAllJobs } from '../helpers/payments.ts';
import { type SalesWorld, salesWorld } from '../helpers/sales-world.ts';
import { run, SLOW, stop } from './server-process.ts';

let world: SalesWorld;
beforeAll(async () => {
  world = await salesWorld();
});
afterAll(() => world.close());

const ROWS = 25_000;
const FORMATS = ['csv', 'json', 'xlsx'] as const;

it(
  'files are whole and right, each row once, whenever the process that writes them is killed',
  async () => {
    const { system, company_id, web } = world;
    await world.sql(
      `INSERT INTO ledger_entry (company_id, id, kind, cart_id, interface_id, quantity, amount, fee, tax, currency)
       SELECT $1, uuidv7(), 'sale', gen_random_uuid(), $2, 1, i, 0, 0, 'EUR' FROM generate_series(1, $3::int) i`,
      ...[company_id, web.id, ROWS],
    );
    const expected = (
      await world.sql<{ id: string; amount: number }>('SELECT id, amount FROM ledger_entry ORDER BY id')
    ).map(({ id, amount }) => [id, Number(amount)]);
    expect(expected).toHaveLength(ROWS);
    const admin = () => world.seller({ scopes: ['public', 'admin'] });
    const jobs = [];
    for (const format of FORMATS) jobs.push(await createExport(admin(), { resource: 'ledger', format }));
    const ids = jobs.map(({ id }) => id);
    const progress = async () =>
      (await Promise.all(ids.map((id) => getJob(admin(), id)))).map((job) => job.progress.done);

    for (let kills = 1; kills <= 3; kills++) {
      const before = await progress();
      const worker = run('test/process/worker.ts', { DATABASE_URL: world.url });
      await expect
        .poll(async () => (await progress()).some((done, i) => done > (before[i] as number) + 2_000), {
          ...{ timeout: 120_000, interval: 5 },
        })
        .toBe(true);
      await stop(worker, 'SIGKILL');
      await expect
        .poll(async () => {
          await recoverSteps(system, 0);
          const [left] = await world.sql<{ n: number }>(
            'SELECT count(*)::int AS n FROM graphile_worker.jobs WHERE key = ANY($1) AND locked_at IS NULL',
            ids.map((id) => `job:${id}`),
          );
          const open = await Promise.all(ids.map((id) => getJob(admin(), id)));
          return left?.n === open.filter(({ finished_at }) => !finished_at).length;
        })
        .toBe(true);
    }
    expect(Math.min(...(await progress()))).toBeLessThan(ROWS); // they were killed on the way
    await expect
      .poll(
        async () => {
          await runAllJobs(system);
          return (await Promise.all(ids.map((id) => getJob(admin(), id)))).map(({ status }) => status);
        },
        { timeout: 200_000 },
      )
      .toEqual(['succeeded', 'succeeded', 'succeeded']);

    const files = await Promise.all(
      ids.map(async (id) => {
        const { result } = await getJob(admin(), id);
        const made = result?.export as { id: string; rows: number };
        expect(made.rows).toBe(ROWS);
        return (await downloadExport(admin(), made.id)).body;
      }),
    );
    const [csv, json, xlsx] = files as [(typeof files)[0], (typeof files)[0], (typeof files)[0]];
    const lines: Record<string, string>[] = parse(await text(csv), { columns: true });
    expect(lines.map(({ id, amount }) => [id, Number(amount)])).toEqual(expected);
    const { ledger } = JSON.parse(await text(json)) as { ledger: { id: string; amount: number }[] };
    expect(ledger.map(({ id, amount }) => [id, amount])).toEqual(expected);
    const book = new ExcelJS.Workbook();
    await book.xlsx.load((await buffer(xlsx)) as never);
    const [sheet] = book.worksheets;
    const [names, ...rows] = (sheet?.getSheetValues() ?? []).slice(1) as unknown[][];
    const [id, amount] = [names?.indexOf('id'), names?.indexOf('amount')] as [number, number];
    expect(rows.map((row) => [row[id], row[amount]])).toEqual(expected);
    expect(
      await world.sql('SELECT position, count(*)::int FROM export_chunk GROUP BY 1 HAVING count(*) <> 3'),
    ).toEqual([]);
  },
  SLOW,
);
