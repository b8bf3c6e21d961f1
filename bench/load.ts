import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What one round of load came to. */
export interface Round {
  /** Answers a second that were as they should be. */
  rate: number;
  /** All of them. */
  answers: number;
  /** 99th percentile in milliseconds. */
  p99: number;
  /** Answers outside 2xx and 3xx, and broken connections. */
  failures: number;
}

export interface Load {
  url: string;
  method?: 'GET' | 'POST';
  headers?: Record<string, string>;
  /** Address and body of the n-th request; each is sent once, and the round ends when they run out. */
  requests?: readonly { path: string; body?: string; token?: string }[];
  connections?: number;
  seconds?: number;
}

/** A load generator in Node would be slower than the server that it measures. */
function requireGenerator(): void {
  if (spawnSync('wrk', ['--version']).error)
    throw new Error('the bench needs wrk on the PATH (Debian package wrk)');
}

/** Sends requests as fast as they are answered, over kept connections, for some seconds or until they run out. */
export async function load(folder: string, options: Load): Promise<Round> {
  const { url, method = 'GET', headers = {}, requests, connections = 50, seconds = 4 } = options;
  requireGenerator();
  const list = join(folder, 'requests.txt');
  if (requests)
    writeFileSync(
      list,
      requests.map(({ path, body = '', token = '' }) => `${path}\t${token}\t${body}`).join('\n'),
    );
  const script = join(folder, 'load.lua');
  writeFileSync(script, lua(method, headers, requests && list));
  const out = await run('wrk', ['-t2', `-c${connections}`, `-d${seconds}s`, '--latency', '-s', script, url]);
  const number = (pattern: RegExp) => Number(pattern.exec(out)?.[1] ?? 0);
  const failures =
    number(/Non-2xx or 3xx responses: (\d+)/) + number(/connect (\d+)/) + number(/timeout (\d+)/);
  const elapsed = milliseconds(/requests in ([\d.]+)(us|ms|s|m)/.exec(out)) / 1000;
  const answers = number(/(\d+) requests in/) - failures;
  return {
    rate: answers / elapsed,
    answers,
    p99: milliseconds(/99%\s+([\d.]+)(us|ms|s|m)/.exec(out)),
    failures,
  };
}

const UNITS: Record<string, number> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };
const milliseconds = (found: RegExpExecArray | null): number =>
  Number(found?.[1] ?? 0) * (UNITS[found?.[2] ?? 'ms'] ?? 1);

// wrk's two threads take turns at the list, so that no request is sent twice. Requests are made before the first is sent: what
// wrk computes meanwhile, the server lacks.
function lua(method: string, headers: Record<string, string>, list: string | undefined): string {
  const fixed = Object.entries(headers).map(
    ([name, value]) => `wrk.headers["${name}"] = ${JSON.stringify(value)}`,
  );
  if (!list) return [`wrk.method = "${method}"`, ...fixed].join('\n');
  return `
wrk.method = "${method}"
${fixed.join('\n')}
local threads = 0
function setup(thread) thread:set("id", threads); threads = threads + 1 end
function format(line)
  local path, token, body = line:match("^([^\t]*)\t([^\t]*)\t(.*)$")
  local headers = nil
  if token ~= "" then
    headers = {}
    for k, v in pairs(wrk.headers) do headers[k] = v end
    headers["Authorization"] = "Bearer " .. token
  end
  if body == "" then body = nil end
  return wrk.format(nil, path, headers, body)
end
function init(args)
  requests = {}
  local n = 0
  for line in io.lines("${list}") do
    if n % 2 == id then requests[#requests + 1] = format(line) end
    n = n + 1
  end
  at = 0
end
function request()
  at = at + 1
  if requests[at] then return requests[at] end
  wrk.thread:stop()
  return wrk.format("GET", "/health/live", {})
end`;
}

/** Runs a program to its end and gives what it printed. */
export function run(command: string, args: string[], env: Record<string, string> = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    let out = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      out += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve(out) : reject(new Error(`${command} ended with ${code}:\n${out}`)),
    );
  });
}
