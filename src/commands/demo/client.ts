import { exchange } from './terminal.ts';

/** Something did not go as the story says. */
export class StoryError extends Error {}

/** The API over HTTP, as any integrator calls it; every call is printed. */
export interface Client {
  /**
   * @param expected the status that the story says
   * @throws StoryError for any other one
   */
  call<Body>(expected: number, method: 'GET' | 'POST', path: string, body?: object): Promise<Body>;
}

/** @throws StoryError when the client is refused */
export async function signIn(url: string, id: string, secret: string, scope: string): Promise<Client> {
  const authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
  const form = new URLSearchParams({ grant_type: 'client_credentials', scope });
  const token = await answerTo<{ access_token: string }>(200, `${url}/auth/token`, {
    method: 'POST',
    headers: { authorization },
    body: form,
  });
  return {
    call: (expected, method, path, body) =>
      answerTo(expected, `${url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token.access_token}`,
          ...(body && { 'content-type': 'application/json' }),
        },
        ...(body && { body: JSON.stringify(body) }),
      }),
  };
}

async function answerTo<Body>(
  expected: number,
  url: string,
  request: RequestInit & { method: string },
): Promise<Body> {
  const answer = await fetch(url, request).catch((error: Error) => {
    throw new StoryError(`${request.method} ${url} was not answered: ${error.message}`);
  });
  const { pathname, search } = new URL(url);
  exchange(request.method, pathname + search, answer.status);
  const text = await answer.text();
  if (answer.status !== expected)
    throw new StoryError(`Expected ${expected}, and got ${answer.status}: ${text.slice(0, 1_000)}`);
  return JSON.parse(text) as Body;
}
