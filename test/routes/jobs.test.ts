import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inTransaction } from '../../src/db/transaction.ts';
import { AppError } from '../../src/errors.ts';
import { createJobs, finishJobs, progressJob } from '../../src/services/jobs/job.ts';
import { uuidv7 } from '../../src/uuid.ts';
import { type DoorWorld, doorWorld, type Who } from '../helpers/ticket-factories.ts';

let world: DoorWorld;
beforeAll(async () => {
  world = await doorWorld();
});
afterAll(() => world.close());

const job = async (more: { user_id?: number; client_id?: string } = {}): Promise<string> => {
  const { company_id, interfaces, clients } = world.accounts;
  const id = uuidv7();
  await inTransaction(world.system.db, (tx) =>
    createJobs(tx, [
      {
        ...{ company_id, id, interface_id: interfaces.web, client_id: clients.web.id, user_id: null },
        ...{ kind: 'export', status: 'queued', total: 40, ...more },
      },
    ]),
  );
  return id;
};
const finish = (id: string, end: { result: Record<string, unknown> } | { error: AppError }) =>
  inTransaction(world.system.db, (tx) =>
    finishJobs(tx, [{ company_id: world.accounts.company_id, id, ...end }]),
  );
const read = (id: string, who: Who = 'buyer', query = '') => world.call(`/jobs/${id}${query}`, { who });

describe('GET /jobs/:job_id', () => {
  it('tells its progress and its end, once', async () => {
    const id = await job();
    const fresh = await read(id);
    expect(fresh.status).toBe(200);
    expect(fresh.body).toEqual({
      job: {
        ...{
          id,
          kind: 'export',
          status: 'queued',
          progress: { done: 0, total: 40 },
          result: null,
          error: null,
        },
        created_at: expect.stringMatching(/\.\d{3}Z$/),
        finished_at: null,
      },
    });
    const progress = (done: number) =>
      inTransaction(world.system.db, (tx) => progressJob(tx, world.accounts.company_id, id, done));
    await progress(25);
    expect((await read(id)).body.job).toMatchObject({ status: 'running', progress: { done: 25, total: 40 } });
    await progress(99);
    expect((await read(id)).body.job.progress).toEqual({ done: 40, total: 40 });
    await finish(id, { result: { export: { rows: [1, { deep: true }], url: null } } });
    await finish(id, { error: new AppError('conflict', 'too late') });
    await progress(1);
    expect((await read(id)).body.job).toMatchObject({
      ...{ status: 'succeeded', progress: { done: 40, total: 40 }, error: null },
      result: { export: { rows: [1, { deep: true }], url: null } },
      finished_at: expect.any(String),
    });
  });

  it('belongs to who started it; admin sees all of the interface', async () => {
    const anonymous = await job();
    const johns = await job({ user_id: world.john });
    const seen = async (id: string, who: Who) => (await read(id, who)).status;
    for (const [who, a, j] of [
      ['buyer', 200, 404],
      ['john', 200, 200],
      ['mary', 200, 404],
      ['stranger', 404, 404],
      ['seller', 404, 404],
      ['admin', 200, 200],
      ['pos', 404, 404],
      ['reader', 403, 403],
    ] as const)
      expect([who, await seen(anonymous, who), await seen(johns, who)]).toEqual([who, a, j]);
    const pos = { 'x-interface': String(world.accounts.interfaces.pos) };
    expect((await world.call(`/jobs/${johns}`, { who: 'admin', headers: pos })).status).toBe(404);
    expect(await seen(uuidv7(), 'admin')).toBe(404);
    expect(await seen('no-id', 'admin')).toBe(404);
  });

  it('waits as long as it is asked to, or until the job has finished', async () => {
    const id = await job();
    const start = Date.now();
    const waiting = read(id, 'buyer', '?wait=10');
    const many = Array.from({ length: 20 }, () => read(id, 'buyer', '?wait=10'));
    setTimeout(() => void finish(id, { result: {} }), 300);
    expect((await waiting).body.job.status).toBe('succeeded');
    for (const answer of await Promise.all(many)) expect(answer.body.job.status).toBe('succeeded');
    expect(Date.now() - start).toBeGreaterThan(250);
    expect(Date.now() - start).toBeLessThan(5_000);
    expect((await read(id, 'buyer', '?wait=30')).body.job.status).toBe('succeeded'); // finished: at once
    const never = await job();
    const asked = Date.now();
    expect((await read(never, 'buyer', '?wait=1')).body.job.status).toBe('queued');
    expect(Date.now() - asked).toBeGreaterThan(950);
    for (const wait of ['31', '-1', '1.5', 'x', '', '100'])
      expect([wait, (await read(never, 'buyer', `?wait=${wait}`)).status]).toEqual([wait, 422]);
    expect((await read(never, 'buyer', '?until=1')).status).toBe(422);
  });

  it('lets everybody go when the server shuts down', async () => {
    const other = await doorWorld();
    const { company_id, interfaces, clients } = other.accounts;
    const id = uuidv7();
    await inTransaction(other.system.db, (tx) =>
      createJobs(tx, [
        {
          ...{ company_id, id, interface_id: interfaces.web, client_id: clients.web.id, user_id: null },
          ...{ kind: 'export', status: 'queued', total: 1 },
        },
      ]),
    );
    const waiting = other.call(`/jobs/${id}?wait=30`, { who: 'buyer' });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const start = Date.now();
    await other.close();
    expect((await waiting).body.job.status).toBe('queued');
    expect(Date.now() - start).toBeLessThan(5_000);
  });
});

describe('GET /jobs/:job_id/result', () => {
  it('is what the job made, the problem it ended with, or not there yet', async () => {
    const id = await job();
    const result = () => read(`${id}/result`);
    const early = await result();
    expect([early.status, early.body.code, early.body.job_status]).toEqual([409, 'conflict', 'queued']);
    expect(early.headers['retry-after']).toBeDefined();
    await finish(id, { result: { export: { rows: 3 } } });
    expect(await result()).toMatchObject({ status: 200, body: { export: { rows: 3 } } });

    const failed = await job();
    await finish(failed, { error: new AppError('payment_declined', 'No.', { payment_id: 'p' }) });
    const { status, body } = await read(`${failed}/result`);
    expect([status, body.code, body.detail, body.payment_id]).toEqual([402, 'payment_declined', 'No.', 'p']);
    expect((await read(failed)).body.job.error).toEqual({
      code: 'payment_declined',
      detail: 'No.',
      payment_id: 'p',
    });
    expect((await read(`${uuidv7()}/result`)).status).toBe(404);
    expect((await read(`${id}/result`, 'seller')).status).toBe(404);
  });
});
