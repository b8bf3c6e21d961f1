import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { inProject } from '../../src/paths.ts';

const read = (...path: string[]) => fs.readFileSync(inProject(...path), 'utf8');

/** Settings of a file of variables, commented out or not. */
const settingsOf = (text: string): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(/^#? ?([A-Z][A-Z_]*)=(.*)$/gm)].map(([, name, value]) => [name, value]),
  );

const example = settingsOf(read('.env.example'));
const declared = [...read('src', 'config.ts').matchAll(/^ {2}([A-Z][A-Z_]*): /gm)].map((match) => match[1]);

describe('.env.example', () => {
  it('names the settings of src/config.ts, all of them and no other', () => {
    expect(declared).toContain('DATABASE_URL');
    expect(Object.keys(example).sort()).toEqual(declared.sort());
  });

  it('can be used as it is: every value is a valid one', () => {
    expect(() => readConfig(example)).not.toThrow();
  });

  it('shows the default where there is one', () => {
    const defaults = readConfig({});
    const shown = readConfig(example);
    for (const [name, value] of Object.entries(defaults))
      expect([name, Reflect.get(shown, name)]).toEqual([name, value]);
  });

  it('explains each of them', () => {
    const lines = read('.env.example').split('\n');
    const bare = lines.filter((line, i) => /^# [A-Z_]+=/.test(line) && !/^# ./.test(lines[i - 1] ?? ''));
    expect(bare).toEqual([]);
  });

  it('changes nothing until it is edited', () => {
    expect(
      read('.env.example')
        .split('\n')
        .filter((line) => line && !line.startsWith('#')),
    ).toEqual([]);
  });
});
