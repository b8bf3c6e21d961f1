import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ApiWorld, apiWorld } from '../helpers/api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await apiWorld();
});
afterAll(() => world.close());

it('consent is kept with its time and the version of the text; taking it back is another entry', async () => {
  const user = await world.person();
  const path = `/users/${user.id}/consents`;
  const before = Date.now();
  const give = async (purpose: string, text_version: string, granted: boolean) => {
    const body = { purpose, text_version, granted };
    const answer = await world.call('POST', path, { token: user.token, body });
    expect(answer.statusCode).toBe(201);
    return answer.json().consent;
  };
  const given = await give('newsletter', '2026-01', true);
  expect(given).toEqual({
    ...{ id: expect.any(String), purpose: 'newsletter', text_version: '2026-01', granted: true },
    created_at: expect.any(String),
  });
  expect(Date.parse(given.created_at)).toBeGreaterThanOrEqual(before - 1_000);
  expect(Date.parse(given.created_at)).toBeLessThanOrEqual(Date.now() + 1_000);
  const terms = await give('terms', 'v3', true);
  const withdrawn = await give('newsletter', '2026-02', false);
  const listed = await world.call('GET', path, { token: user.token });
  expect(listed.json()).toEqual({ consents: [withdrawn, terms, given] }); // nothing of it was changed

  // Nobody else writes or reads it, and none of it can be changed.
  const other = await world.person();
  const body = { purpose: 'terms', text_version: 'v3', granted: true };
  for (const method of ['GET', 'POST'] as const)
    expect(
      (await world.call(method, path, { token: other.token, ...(method === 'POST' && { body }) })).statusCode,
    ).toBe(404);
  const rows = await world.system.db.pool.query('SELECT count(*)::int AS n FROM consent WHERE user_id = $1', [
    user.id,
  ]);
  expect(rows.rows).toEqual([{ n: 3 }]);
});
