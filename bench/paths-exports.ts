import { setTimeout as sleep } from 'node:timers/promises';
import { atMost, type Path, type Result } from './paths.ts';
import { startServer } from './processes.ts';

const ROWS = 1_000_000;
const FORMATS = ['csv', 'json', 'xlsx'];

/** A ledger of a million rows, written and downloaded in every format by a process that does nothing else. */
export const exports: Path = {
  name: 'exports',
  async measure({ url, system, token }) {
    const part = ROWS / 20;
    for (let done = 0; done < ROWS; done += part)
      await system.db.pool.query(
        `INSERT INTO ledger_entry (company_id, id, kind, cart_id, sale_detail_id, interface_id, quantity, amount, fee, tax, currency)
         SELECT 1, uuidv7(), 'sale', gen_random_uuid(), gen_random_uuid(), 1, 1, 5000 + i % 900, 250, 400, 'EUR'
         FROM generate_series(1, $1) i`,
        [part],
      );
    const server = await startServer('export-server', { DATABASE_URL: url });
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const results: Result[] = [];
    try {
      for (const format of FORMATS) {
        const body = JSON.stringify({ resource: 'ledger', format });
        const began = performance.now();
        const { job } = await fetch(`${server.url}/exports`, { method: 'POST', headers, body }).then(jsonOf);
        const made = await finished(server.url, job.id, headers);
        const written = performance.now();
        const file = await fetch(`${server.url}${made.url}`, { headers });
        let bytes = 0;
        for await (const chunk of file.body as AsyncIterable<Uint8Array>) bytes += chunk.length;
        const got = performance.now();
        const { rss } = await server.ask<{ rss: number }>('peak');
        const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
        results.push(
          atMost(
            `export of ${made.rows.toLocaleString('en')} ledger rows as ${format}: most memory`,
            rss / 1024 ** 2,
            200,
            'MB',
            `written in ${seconds(written - began)}, ${Math.round(bytes / 1e6)} MB taken in ${seconds(got - written)}`,
          ),
        );
      }
    } finally {
      await server.stop();
    }
    return results;
  },
};

// biome-ignore lint/suspicious/noExplicitAny: whatever the API says
const jsonOf = (answer: Response): Promise<any> => answer.json();

async function finished(
  url: string,
  job: string,
  headers: Record<string, string>,
): Promise<{ url: string; rows: number }> {
  for (;;) {
    const { job: now } = await fetch(`${url}/jobs/${job}?wait=30`, { headers }).then(jsonOf);
    if (now.error) throw new Error(now.error.detail);
    if (now.result) return now.result.export;
    await sleep(100);
  }
}
