import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import newman from 'newman';
import { readConfig } from '../src/config.ts';
import { inProject } from '../src/paths.ts';
import { environmentFile } from '../src/start/environment.ts';
import { start } from '../src/start/start.ts';
import { collection, type Example, environment, exampleKey } from './collection.ts';

// npm run postman            runs the committed collection from top to bottom against a fresh demo server
// npm run postman -- write   writes collection and environment anew, with the answers of such a run as examples

const COLLECTION = inProject('postman', 'ticketing-api.postman_collection.json');
const ENVIRONMENT = inProject('postman', 'ticketing-api.postman_environment.json');
const LONGEST_EXAMPLE = 3_000;
const BINARY = /^(image\/png|application\/(pdf|zip|octet-stream|vnd\.))/;
const SHOWN_HEADERS = new Set(
  `content-type location link etag x-interface x-page x-per-page x-total ratelimit-limit www-authenticate allow retry-after`.split(
    ' ',
  ),
);

const folder = mkdtempSync(join(tmpdir(), 'ticketing-postman-'));
chmodSync(folder, 0o755); // where root runs this, the database server's user must get in
const writing = process.argv.includes('write');
const config = readConfig({ DATA_DIR: folder, PORT: '0', LOG_LEVEL: 'error' });
const server = await start(config);
let failed = 1;
try {
  const summaries = await summariesOf(server.system.publicUrl);
  if (writing) write(summaries, new Map());
  const run = await newmanRun();
  if (writing) write(summaries, examplesOf(run));
  failed = report(run);
} finally {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);

function newmanRun(): Promise<newman.NewmanRunSummary> {
  return new Promise((resolve, reject) => {
    newman.run(
      {
        collection: JSON.parse(readFileSync(COLLECTION, 'utf8')),
        environment: JSON.parse(readFileSync(environmentFile(folder), 'utf8')),
        reporters: [],
        timeoutRequest: 40_000,
      },
      (error, summary) => (error ? reject(error) : resolve(summary)),
    );
  });
}

/** Says what failed, and closes with `N passed, N failed`. */
function report({ run }: newman.NewmanRunSummary): number {
  for (const { source, error } of run.failures)
    process.stdout.write(`✗ ${source?.name}: ${error.test ?? ''} ${error.message}\n`);
  const { total = 0, failed = 0 } = run.stats.assertions;
  const broken = run.failures.length;
  process.stdout.write(
    `newman: ${run.stats.requests.total} requests\n${total - failed} passed, ${broken} failed\n`,
  );
  return broken;
}

function write(summaries: ReadonlyMap<string, string>, examples: ReadonlyMap<string, Example>): void {
  writeFileSync(ENVIRONMENT, `${JSON.stringify(environment(), null, 2)}\n`);
  writeFileSync(COLLECTION, `${JSON.stringify(collection(summaries, examples), null, 2)}\n`);
}

/** What the routes say of themselves, by operationId. */
async function summariesOf(url: string): Promise<Map<string, string>> {
  const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, { operationId: string; summary: string }>>;
  };
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
  return new Map(operations.map(({ operationId, summary }) => [operationId, summary]));
}

/** The answers of a run, shortened, and without tokens. */
function examplesOf({ run }: newman.NewmanRunSummary): Map<string, Example> {
  const examples = new Map<string, Example>();
  for (const { item, response } of run.executions) {
    if (!response) continue;
    const folder = (item.parent() as { name?: string } | undefined)?.name ?? '';
    const headers = response.headers.all().filter(({ key }) => SHOWN_HEADERS.has(key.toLowerCase()));
    examples.set(exampleKey(folder, item.name), {
      status: response.code,
      reason: response.reason(),
      headers: headers.map(({ key, value }) => ({ key, value })),
      body: shown(response.text() ?? '', response.headers.get('content-type') ?? ''),
    });
  }
  return examples;
}

function shown(body: string, type: string): string {
  if (!type.includes('json')) return BINARY.test(type) ? '' : body.slice(0, LONGEST_EXAMPLE);
  const hidden = (key: string, value: unknown) =>
    /_token$/.test(key) && typeof value === 'string' ? '…' : value;
  return JSON.stringify(JSON.parse(body, hidden), firstTwo, 2).slice(0, LONGEST_EXAMPLE);
}

/** Two of a list show what it holds. */
function firstTwo(_key: string, value: unknown): unknown {
  return Array.isArray(value) ? value.slice(0, 2) : value;
}
