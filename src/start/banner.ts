import path from 'node:path';
import { CLIENT_IDS, CLIENT_NAMES, CLIENTS, JOHN } from '../../prisma/seed/demo/people.ts';
import type { DemoSecrets } from '../../prisma/seed/demo/secrets.ts';

export interface BannerFacts {
  url: string;
  notices: readonly string[];
  /** Of a server with the demo company. */
  demo?: { secrets: DemoSecrets; environmentFile: string } | undefined;
}

/** What the operator reads once the server listens; the command at its end can be pasted into a shell. */
export function banner({ url, notices, demo }: BannerFacts): string {
  const lines = ['', `  Ticketing API  ${url}`, `  Documentation  ${url}/docs`];
  if (demo) lines.push(`  Postman        ${nameOf(demo.environmentFile)} + ${url}/postman/collection.json`);
  if (notices.length) lines.push('', ...notices.map((notice) => `  Note: ${notice}`));
  if (demo) lines.push('', ...credentials(demo.secrets), '', ...firstRequests(url, demo.secrets));
  return `${lines.join('\n')}\n\n`;
}

/** As its reader would name it from here. */
function nameOf(file: string): string {
  const name = path.relative('', file);
  return name.startsWith('..') ? file : name;
}

function credentials({ clients, password }: DemoSecrets): string[] {
  const rows = [
    ['client_id', 'client_secret', 'scopes'],
    ...CLIENT_NAMES.map((name) => [CLIENT_IDS[name], clients[name], CLIENTS[name].scopes.join(' ')]),
    ['username', 'password', ''],
    [JOHN.email, password, 'public buy'],
  ];
  return rows.map(([id = '', secret = '', scopes = '']) =>
    `  ${id.padEnd(19)} ${secret.padEnd(44)} ${scopes}`.trimEnd(),
  );
}

function firstRequests(url: string, { clients }: DemoSecrets): string[] {
  return [
    '  Try it:',
    `    TOKEN=$(curl -s ${url}/auth/token -u ${CLIENT_IDS.web}:${clients.web} \\`,
    '      -d grant_type=client_credentials -d scope=\'public buy\' | sed \'s/.*"access_token":"\\([^"]*\\).*/\\1/\')',
    `    curl -s ${url}/events -H "Authorization: Bearer $TOKEN"`,
  ];
}
