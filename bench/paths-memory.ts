import { signAccessToken } from '../src/services/oauth/access-token.ts';
import type { KnownClient } from '../src/services/oauth/snapshot.ts';
import { load } from './load.ts';
import { atMost, type Path } from './paths.ts';
import { startServer } from './processes.ts';

const TOKENS = 10_000;
const REQUESTS = 1_000_000;

export const memory: Path = {
  name: 'memory',
  async measure({ folder, url, system, world }) {
    const { clients } = await system.auth.refresh();
    const client = clients.get(world.client_id) as KnownClient;
    const tokens: string[] = [];
    for (let i = 0; i < TOKENS; i++)
      tokens.push(await signAccessToken(system, { client, scopes: new Set(['public']) }));
    const path = `/events/${world.reading.event_id}`;
    const requests = Array.from({ length: REQUESTS }, (_, i) => ({
      path,
      token: tokens[i % TOKENS] as string,
    }));
    const server = await startServer('api-server', { DATABASE_URL: url }); // that does nothing else
    const { answers } = await load(folder, { url: server.url, requests, seconds: 90 });
    const { rss } = await server.ask<{ rss: number }>('memory');
    await server.stop();
    return [
      atMost(
        'resident after 1 million requests by 10,000 tokens',
        rss / 1024 ** 2,
        200,
        'MB',
        `${answers.toLocaleString('en')} were answered as they should be`,
      ),
    ];
  },
};
