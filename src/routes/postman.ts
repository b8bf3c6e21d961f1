import type { FastifyInstance } from 'fastify';
import { file } from '../routing/answers.ts';
import { openRoute } from '../routing/route.ts';
import { postmanCollection, postmanEnvironment } from '../services/postman/files.ts';

const json = file('application/json; charset=utf-8');
const tag = 'Documentation';

/** The Postman collection and its environment, to import by address. */
export async function postmanRoutes(app: FastifyInstance): Promise<void> {
  openRoute(
    app,
    'GET',
    '/postman/collection.json',
    { operation: 'getPostmanCollection', summary: 'The Postman collection', tag, answer: json },
    () => postmanCollection(),
  );
  openRoute(
    app,
    'GET',
    '/postman/environment.json',
    {
      operation: 'getPostmanEnvironment',
      summary: 'The Postman environment of this server, without secrets',
      tag,
      answer: json,
    },
    ({ system }) => postmanEnvironment(system),
  );
}
