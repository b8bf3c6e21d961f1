import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collection, ENVIRONMENT, environment, FOLDERS } from '../../postman/collection.ts';
import { inProject } from '../../src/paths.ts';
import { type TestApp, testApp } from '../helpers/app.ts';

const read = (name: string) => JSON.parse(readFileSync(inProject('postman', name), 'utf8'));
const operations = FOLDERS.flatMap(({ items }) => items);

interface Operation {
  operationId: string;
  summary: string;
}

describe('the Postman collection', () => {
  let world: TestApp;
  let routes: (Operation & { address: string })[];

  beforeAll(async () => {
    world = await testApp();
    const { paths } = (await world.app.inject('/openapi.json')).json<{
      paths: Record<string, Record<string, Operation>>;
    }>();
    routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        ...operation,
        address: `${method.toUpperCase()} ${path}`,
      })),
    );
  });
  afterAll(() => world.close());

  it('has every route', () => {
    const shown = new Set(operations.map(({ operation }) => operation));
    const missing = routes.filter(({ operationId }) => !shown.has(operationId));
    expect(missing.map(({ address }) => address)).toEqual([]);
  });

  it('has no request of a route that does not exist', () => {
    const known = new Set(routes.map(({ operationId }) => operationId));
    expect(operations.map(({ operation }) => operation).filter((operation) => !known.has(operation))).toEqual(
      [],
    );
  });

  it('ships as it is written here, each request with an example of its answer', () => {
    const summaries = new Map(routes.map(({ operationId, summary }) => [operationId, summary]));
    const withoutExamples = (folder: { item: { response: unknown[] }[] }) => ({
      ...folder,
      item: folder.item.map(({ response, ...item }) => item),
    });
    const committed = read('ticketing-api.postman_collection.json');
    const written = JSON.parse(JSON.stringify(collection(summaries, new Map())));
    expect(committed.item.map(withoutExamples)).toEqual(written.item.map(withoutExamples));
    const bare = committed.item.flatMap((folder: { item: { name: string; response: unknown[] }[] }) =>
      folder.item.filter(({ response }) => response.length !== 1).map(({ name }) => name),
    );
    expect(bare).toEqual([]);
  });

  it("has the seed's 33 variables in its environment, and no other", () => {
    expect(ENVIRONMENT).toHaveLength(33);
    expect(read('ticketing-api.postman_environment.json')).toEqual(environment());
  });

  it('is served, with the address of the server', async () => {
    expect((await world.app.inject('/postman/collection.json')).json()).toEqual(
      read('ticketing-api.postman_collection.json'),
    );
    const { values } = (await world.app.inject('/postman/environment.json')).json<{
      values: { key: string; value: string }[];
    }>();
    expect(values.find(({ key }) => key === 'api_url')?.value).toBe(world.system.publicUrl);
  });
});
