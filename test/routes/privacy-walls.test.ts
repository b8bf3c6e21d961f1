import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiWorld, apiWorld } from '../helpers/api-world.ts';
import { lets, methodOf, ROUTES } from '../helpers/route-table.ts';

// Every route that a buyer may ask, with the ids of somebody else: taken from the route table, so that none is forgotten.

let world: ApiWorld;
beforeAll(async () => {
  world = await apiWorld();
});
afterAll(() => world.close());

const sql = async (text: string, ...values: unknown[]) =>
  (await world.system.db.pool.query(text, values)).rows;

describe('another person', () => {
  // Whatever names an object in its address: if a buyer may ask for it at all, it is public or its owner's alone.
  const PUBLIC = /^(GET \/(events|maps|countries|venues|interfaces|plans|categories)\/|POST \/events\/)/;
  const NAMED = ROUTES.filter(
    (entry) => entry.route.includes('/:') && entry.scopes !== 'none' && lets(entry, 'john'),
  );
  /** Their code is the key, whoever brings it. */
  const BY_CODE = [
    'PUT /users/password_resets/:code',
    'POST /transfers/:code/accept',
    'POST /transfers/:code/decline',
  ];

  it('is told from what is everybody’s: no route is forgotten', () => {
    const unclear = NAMED.filter(
      ({ route, own }) => !own && !PUBLIC.test(route) && !BY_CODE.includes(route),
    ).map(({ route }) => route);
    expect(unclear).toEqual([]);
    expect(NAMED.filter(({ own }) => own).length).toBeGreaterThan(30);
  });

  it.each(NAMED.filter(({ own }) => own))('does not reach by $route what is John’s', async (entry) => {
    const { url, body, headers } = await entry.example(world, 'john');
    const before = await world.stored();
    const answer = await world.call(methodOf(entry), url, {
      who: 'mary',
      body: entry.bodyOf?.(world, 'mary') ?? body,
      headers,
    });
    expect([answer.statusCode, answer.json().code], answer.body).toEqual([404, 'not_found']);
    expect(await world.stored()).toEqual(before);
  });

  it.each(
    ROUTES.filter(
      (entry) =>
        methodOf(entry) === 'GET' &&
        entry.scopes !== 'none' &&
        lets(entry, 'mary') &&
        !entry.route.includes('/:'),
    ),
  )('finds nothing of John’s by $route, whatever is filtered for', async (entry) => {
    await world.paid('john');
    const ids = await sql(
      'SELECT id::text FROM cart WHERE user_id = $1 UNION ALL SELECT id::text FROM ticket WHERE user_id = $1',
      world.accounts.user.id,
    );
    const url = (await entry.example(world, 'mary')).url;
    const filters = ['', `user_id=${world.accounts.user.id}`, 'email=john.doe@mail.com', 'q=John'];
    for (const filter of filters) {
      const answer = await world.call('GET', `${url}${url.includes('?') ? '&' : '?'}${filter}`, {
        who: 'mary',
      });
      const seen = [...ids.map(({ id }) => id), 'john.doe@mail.com'].filter((text) =>
        answer.statusCode === 422 ? false : answer.body.includes(text),
      );
      expect(seen, `${entry.route} ${filter}`).toEqual([]);
    }
  });
});
