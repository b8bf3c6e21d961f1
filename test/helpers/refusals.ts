import { expect } from 'vitest';
import { z } from 'zod';
import { Problem } from '../../src/schemas/common.ts';
import type { Answer } from './api-world.ts';

/** Words that only our insides know. */
const INSIDES =
  /\n\s+at |\bat \/|\.(ts|js):\d|prisma|\bpg_|\bselect \b|node_modules|zod|fastify|sqlstate|constraint/i;

const OAuthProblem = z.strictObject({ error: z.string(), error_description: z.string() });

/** Checks that an answer refuses as the contract says: its own fault is the caller's, and nothing of ours is told. */
export function expectClean(answer: Answer, what: string): { code: string; pointers: string[] } {
  expect(answer.statusCode, `${what}: ${answer.body.slice(0, 500)}`).toBeGreaterThanOrEqual(400);
  expect(answer.statusCode, `${what}: ${answer.body.slice(0, 500)}`).toBeLessThan(500);
  expect(answer.body, what).not.toMatch(INSIDES);
  expect(answer.headers['x-request-id'], what).toBeTruthy();
  const body = answer.json();
  if ('error' in body) {
    OAuthProblem.parse(body);
    return { code: body.error, pointers: [] };
  }
  expect(answer.headers['content-type'], what).toBe('application/problem+json; charset=utf-8');
  const problem = Problem.parse(body);
  expect(problem.status).toBe(answer.statusCode);
  expect(problem.request_id).toBe(answer.headers['x-request-id']);
  return { code: problem.code, pointers: problem.errors?.map(({ pointer }) => pointer) ?? [] };
}
