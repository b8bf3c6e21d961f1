import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { statement } from '../../src/db/client.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import { bumpAuthRevision } from '../../src/services/oauth/revision.ts';
import { listenTo } from '../helpers/event-stream.ts';
import { accessToken } from '../helpers/factories.ts';
import { postForm } from '../helpers/oauth.ts';
import { type DoorWorld, doorWorld } from '../helpers/ticket-factories.ts';

/** A second, and what a look takes on a busy machine. */
const LATEST_MS = 2_500;

let world: DoorWorld;
let base: string;
beforeAll(async () => {
  world = await doorWorld();
  base = await world.app.listen({ port: 0, host: '127.0.0.1' });
});
afterAll(() => world.close());

/** Writes as another process would: this one learns of it by the revision alone. */
const set = (table: 'client' | 'interface', id: string | number, active: boolean) =>
  inTransaction(world.system.db, async (tx) => {
    const sql = `UPDATE ${table} SET active = $2 WHERE id = $1`;
    await tx.execute(statement(`access_ends_${table}`, sql), [id, active]);
    await bumpAuthRevision(tx);
  });
const token = () =>
  accessToken(world.system, { client: world.accounts.clients.admin, scopes: ['public', 'admin'] });

/** Everything that lasts. */
async function lasting(bearer: string) {
  const { event_id } = world.tonight;
  const streams = await Promise.all(
    ['/changes/stream', `/events/${event_id}/validations/stream`].map((path) =>
      listenTo(base + path, bearer),
    ),
  );
  expect(streams.map(({ status }) => status)).toEqual([200, 200]);
  const ended = async ({ next }: (typeof streams)[number]) => {
    while (await next());
    return 'ended';
  };
  const headers = { authorization: `Bearer ${bearer}` };
  const poll = fetch(`${base}/changes?wait=30&types=cart.paid`, { headers });
  return { all: Promise.all([...streams.map(ended), poll.then(({ status }) => status)]), streams };
}

async function endsBy(bearer: string, what: () => Promise<unknown>): Promise<void> {
  const { all } = await lasting(bearer);
  const began = performance.now();
  await what();
  expect(await all).toEqual(['ended', 'ended', 401]);
  expect(performance.now() - began).toBeLessThan(LATEST_MS);
}

describe('streams and long polls end with the access they were let in by', () => {
  it('when the token is revoked', async () => {
    const bearer = await token();
    await endsBy(bearer, () =>
      postForm(world.app, '/auth/revoke', { token: bearer }, world.accounts.clients.admin),
    );
  });

  it('when its client is stopped in another process', async () => {
    const { id } = world.accounts.clients.admin;
    await endsBy(await token(), () => set('client', id, false));
    await set('client', id, true);
  });

  it('when the interface is stopped', async () => {
    const { web } = world.accounts.interfaces;
    await endsBy(await token(), () => set('interface', web, false));
    await set('interface', web, true);
  });

  it('not when that of somebody else ends', async () => {
    const [bearer, other] = [await token(), await token()];
    const { all, streams } = await lasting(bearer);
    await postForm(world.app, '/auth/revoke', { token: other }, world.accounts.clients.admin);
    const still = new Promise((resolve) => setTimeout(resolve, LATEST_MS, 'still there'));
    expect(await Promise.race([all, still])).toBe('still there');
    for (const { stop } of streams) stop();
    await postForm(world.app, '/auth/revoke', { token: bearer }, world.accounts.clients.admin);
    await all.catch(() => {});
  });
});
