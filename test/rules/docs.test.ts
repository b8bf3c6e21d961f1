import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { inProject, projectRoot } from '../../src/paths.ts';

const pages = [
  'README.md',
  ...fs
    .readdirSync(inProject('docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
].filter((page) => fs.existsSync(inProject(page)));

const read = (page: string) => fs.readFileSync(inProject(page), 'utf8');
const withoutCode = (text: string) => text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '');

/** Anchors of a page, as GitHub makes them of its headings. */
const anchorsOf = (page: string): string[] =>
  [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    (heading as string)
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

describe('documentation', () => {
  it.each(pages)('%s links to what exists', (page) => {
    const broken = [...withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, link]) => link as string)
      .filter((link) => !/^(https?|mailto):/.test(link))
      .filter((link) => {
        const [file, anchor] = link.split('#');
        const target = file ? path.posix.join(path.posix.dirname(page), file) : page;
        if (!fs.existsSync(path.join(projectRoot, target))) return true;
        return anchor !== undefined && !anchorsOf(target).includes(anchor);
      });
    expect(broken).toEqual([]);
  });

  it.each(pages)('%s names scripts and settings that exist', (page) => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const ran = [...read(page).matchAll(/npm run (?:-s )?([a-z:-]+)/g)].map(([, name]) => name as string);
    expect(ran.filter((name) => !(name in scripts))).toEqual([]);
    const settings = new Set(
      [...read('src/config.ts').matchAll(/^ {2}([A-Z][A-Z_]*): /gm)].map(([, name]) => name as string),
    );
    // With an underscore: the others may be variables of a shell.
    const set = [...read(page).matchAll(/\b([A-Z]+_[A-Z_]+)=/g)].map(([, name]) => name as string);
    expect(set.filter((name) => !settings.has(name))).toEqual([]);
  });

  it('has the image and the guide start the server as npm start does', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const [, command] = /^CMD (\[.*"dist\/src\/main\.js"\])$/m.exec(read('Dockerfile')) as RegExpExecArray;
    expect(JSON.parse(command as string).join(' ')).toBe(scripts.start);
    expect(read('docs/operations.md').split('\n')).toContain(scripts.start);
  });
});
