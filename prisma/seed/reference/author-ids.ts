// Run with tsx after an update of the data packages: gives the new codes their ids, in place, for review and commit.
import { readFileSync, writeFileSync } from 'node:fs';
import { iso31661 } from 'iso-3166';
import { extendIds, type IdTable } from './ids.ts';
import { subdivisions } from './states.ts';

// The published example environment has country 46 and state 530. In the order of the alpha-2 codes 46 is Chile;
// its capital's region is state 530.
const STATE_530 = { 'CL-RM': 530 };

function author(file: string, codes: string[], pinned?: IdTable) {
  const url = new URL(file, import.meta.url);
  const table: IdTable = JSON.parse(readFileSync(url, 'utf8'));
  const extended = extendIds(table, codes, pinned);
  writeFileSync(url, `${JSON.stringify(extended, null, 2)}\n`);
  process.stdout.write(`${file}: ${Object.keys(extended).length - Object.keys(table).length} added\n`);
}

author(
  'country-ids.json',
  iso31661.map(({ alpha2 }) => alpha2),
);
author(
  'state-ids.json',
  subdivisions().map(({ code }) => code),
  STATE_530,
);
