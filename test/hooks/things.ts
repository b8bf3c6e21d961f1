import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { insertRow } from '../../prisma/seed/rows.ts';
import type { Context } from '../../src/context.ts';
import { statement } from '../../src/db/client.ts';
import { transaction } from '../../src/db/transaction.ts';
import { AppError, notFound } from '../../src/errors.ts';
import { created, empty, file, one, page, whole, written } from '../../src/routing/answers.ts';
import { openRoute, route } from '../../src/routing/route.ts';
import { at, idParam } from '../../src/schemas/common.ts';
import { assertFresh } from '../../src/services/fresh.ts';

const Thing = z.object({ id: z.int(), name: z.string(), made_at: at, updated_at: at.nullable() });
type Thing = z.output<typeof Thing>;

const NewThing = z.strictObject({ name: z.string().trim().max(100), note: z.string().optional() });

const FIND = statement('test_thing', 'SELECT id, code FROM category WHERE company_id = $1 AND id = $2');
const RENAME = statement(
  'test_rename',
  'UPDATE category SET code = $3 WHERE company_id = $1 AND id = $2 RETURNING id',
);
const COUNT = statement(
  'test_count',
  'SELECT count(*) AS n FROM category WHERE company_id = $1 AND code LIKE $2',
);

/** When every thing was last changed, until a test says otherwise. */
export const UPDATED_AT = new Date('2026-11-23T18:00:00.123Z');

/** What a test may do to the routes while they run. */
export interface Levers {
  /** Use cases wait for this inside their transaction. */
  hold: Promise<unknown>;
  /** Requests that reached a handler. */
  handled: number;
  updatedAt: Date;
  /** Characters in the name of what GET /things/:thing_id gives. */
  size: number;
}

export const levers = (): Levers => ({ hold: Promise.resolve(), handled: 0, updatedAt: UPDATED_AT, size: 5 });

export const thingsCalled = async (
  ctx: Pick<Context, 'system' | 'company_id'>,
  code: string,
): Promise<number> => (await ctx.system.db.query<{ n: number }>(COUNT, [ctx.company_id, code]))[0]?.n ?? 0;

/** A resource of every kind of answer, kept in a table that takes any name. */
export function thingRoutes(lever: Levers): (app: FastifyInstance) => void {
  const of = (id: number, name = 'thing'.padEnd(lever.size, 'x')): Thing => {
    lever.handled += 1;
    return { id, name, made_at: UPDATED_AT, updated_at: lever.updatedAt };
  };

  const make = (ctx: Context, name: string): Promise<Thing> =>
    transaction(ctx, async (tx) => {
      const row = await insertRow(tx, 'category', { company_id: ctx.company_id, code: name, name: {} });
      await lever.hold;
      return of(row.id, name);
    });

  /** Like a card payment: one transaction before the provider is asked, one after. */
  const makeInTwo = async (ctx: Context, name: string): Promise<Thing> => {
    const row = await transaction(
      ctx,
      (tx) => insertRow(tx, 'category', { company_id: ctx.company_id, code: name, name: {} }),
      { answer: false },
    );
    await lever.hold;
    return transaction(ctx, async (tx) => {
      await tx.execute(RENAME, [ctx.company_id, row.id, `${name} done`]);
      if (name === 'declined') return new AppError('payment_declined', 'No.', { reason: 'funds' });
      return of(row.id, `${name} done`);
    });
  };

  const rename = (ctx: Context, id: number, name: string): Promise<Thing> =>
    transaction(ctx, async (tx) => {
      const [row] = await tx.query<{ id: number }>(FIND, [ctx.company_id, id]);
      if (!row) throw notFound('Thing');
      assertFresh(ctx, lever.updatedAt);
      await tx.execute(RENAME, [ctx.company_id, id, name]);
      return of(id, name);
    });

  return (app) => {
    const tag = 'Operations';
    const scopes = ['public'] as const;
    const params = { thing_id: idParam };
    const declare = (operation: string) => ({ operation, summary: 'Test', tag, scopes });
    const location = ({ id }: Thing) => `/things/${id}`;
    const made = one('thing', Thing, { status: 201, location });
    const read = { ...declare('getThing'), params, answer: one('thing', Thing) };

    route(app, 'GET', '/things/:thing_id', read, ({ params }) => of(params.thing_id));
    const publishedOne = { ...declare('getPublishedThing'), params, answer: read.answer, published: true };
    route(app, 'GET', '/published/:thing_id', publishedOne, async ({ ctx, params }) => {
      await lever.hold;
      if (params.thing_id === 404) throw notFound('Thing');
      return { ...of(params.thing_id), name: `${ctx.language} ${of(1).name}` };
    });
    const list = { ...declare('listPublishedThings'), answer: page('things', Thing), published: true };
    route(app, 'GET', '/published', list, ({ page }) => ({ items: [of(page.page)], total: 30 }));
    const cached = { ...declare('getWrittenThing'), published: true };
    const answer = written('thing', Thing, 'private, max-age=60');
    route(app, 'GET', '/written', { ...cached, answer }, () => JSON.stringify({ thing: of(1) }));
    route(app, 'GET', '/things', { ...declare('listThings'), answer: whole('things', Thing) }, () =>
      [1, 2, 3].map((id) => of(id)),
    );
    const text = { ...declare('getThingFile'), params, answer: file('text/csv; charset=utf-8') };
    route(app, 'GET', '/things/:thing_id.csv', text, ({ params }) => `id\n${params.thing_id}\n`);

    const post = { body: NewThing, answer: made };
    route(app, 'POST', '/things', { ...declare('makeThing'), ...post }, ({ ctx, body }) =>
      make(ctx, body.name),
    );
    route(app, 'POST', '/things/in_two', { ...declare('makeThingInTwo'), ...post }, ({ ctx, body }) =>
      makeInTwo(ctx, body.name),
    );
    const many = { ...declare('makeThings'), body: NewThing, answer: created('things', Thing) };
    route(app, 'POST', '/things/many', many, ({ ctx, body }) =>
      transaction(ctx, async () => [of(1, body.name), of(2, body.name)]),
    );
    route(app, 'POST', '/things/forgetful', { ...declare('forgetThing'), ...post }, ({ body }) =>
      of(1, body.name),
    );
    const patch = { ...declare('renameThing'), params, body: NewThing, answer: read.answer, ifMatch: true };
    route(app, 'PATCH', '/things/:thing_id', patch, ({ ctx, params, body }) =>
      rename(ctx, params.thing_id, body.name),
    );
    const gone = { ...declare('deleteThing'), params, answer: empty() };
    route(app, 'DELETE', '/things/:thing_id', gone, ({ ctx }) =>
      transaction(ctx, async () => {
        lever.handled += 1;
      }),
    );
    route(app, 'GET', '/broken', { ...declare('breakThing'), answer: read.answer }, () => {
      throw new Error('secret detail of a library');
    });
    route(
      app,
      'GET',
      '/managed',
      { ...declare('manageThings'), scopes: ['admin'], answer: read.answer },
      () => of(1),
    );
    openRoute(
      app,
      'GET',
      '/open',
      { operation: 'getOpenThing', summary: 'Test', tag, answer: read.answer },
      () => of(1),
    );
  };
}
