import { expect } from 'vitest';
import type { Answer, ApiWorld, Call, Method } from './api-world.ts';

/** What tests of the cart routes ask, as the buyer where nobody else is named. */
export function cartCalls(world: () => ApiWorld) {
  const post = (url: string, body?: unknown, call: Call = {}) =>
    world().call('POST', url, { who: 'buyer', ...(body !== undefined && { body }), ...call });
  let used = 0;
  return {
    post,
    ask: (method: Method, url: string, call: Call = {}) =>
      world().call(method, url, { who: 'buyer', ...call }),
    standing: (quantity = 1) => ({ ticket_type_id: world().standing, quantity }),
    /** A seat that no other test has. */
    seat: () => world().seat_id + used++,
    opened: async (...items: object[]) => {
      const answer = await post('/carts', items.length ? { items } : undefined);
      expect(answer.statusCode, answer.body).toBe(201);
      return answer.json().cart as {
        id: string;
        sale_details: { id: string }[];
        totals: { total: number };
      };
    },
    refusal: (answer: Answer) => {
      expect(answer.headers['content-type']).toContain('application/problem+json');
      return { status: answer.statusCode, ...answer.json() };
    },
  };
}
