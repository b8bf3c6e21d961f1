import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';
import { file } from '../routing/answers.ts';
import { openRoute } from '../routing/route.ts';
import { problemCode } from '../schemas/operations.ts';
import { problemList, problemPage, STYLE_SOURCE } from '../services/problems/page.ts';

const html = file('text/html; charset=utf-8');
const tag = 'Problems';

export async function problemRoutes(app: FastifyInstance): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        ...{ defaultSrc: ["'none'"], styleSrc: [STYLE_SOURCE] },
        ...{ baseUri: ["'none'"], formAction: ["'none'"], frameAncestors: ["'none'"] },
      },
    },
  });

  openRoute(
    app,
    'GET',
    '/problems',
    { operation: 'listProblems', summary: 'Every problem this API can tell of', tag, answer: html },
    ({ request }) => problemList(request.language),
  );

  openRoute(
    app,
    'GET',
    '/problems/:code',
    {
      operation: 'getProblem',
      summary: 'What a problem means and what to do',
      description: 'A page for people: the address in the `type` of every problem.',
      tag,
      params: { code: problemCode },
      answer: html,
    },
    ({ params, request }) => problemPage(params.code, request.language),
  );
}
