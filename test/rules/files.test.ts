import { describe, expect, it } from 'vitest';
import { sourceFiles } from './source.ts';

const MAX_LINES = 300;
const TOP = ['src', 'prisma', 'test', 'bench', 'postman'];

describe('files', () => {
  it(`stay below ${MAX_LINES} lines: one subject each, split by use case`, () => {
    const long = sourceFiles(...TOP)
      .map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
      .filter(({ lines }) => lines > MAX_LINES)
      .map(({ path, lines }) => `${path} has ${lines} lines`);
    expect(long).toEqual([]);
  });

  it('are named after what is in them', () => {
    const vague = sourceFiles(...TOP).filter(({ path }) =>
      /(^|[/.-])(utils?|helpers?|misc|common-?functions|manager)\.ts$/.test(path),
    );
    expect(vague.map(({ path }) => path)).toEqual([]);
  });

  it('leave nothing for later and skip no test', () => {
    const later = sourceFiles(...TOP)
      .filter(({ path }) => !path.startsWith('test/rules/'))
      .flatMap(({ path, text }) =>
        text
          .split('\n')
          .flatMap((line, i) =>
            /\b(TODO|FIXME|HACK)\b|\b(it|test|describe)\.(only|skip|todo)\(/.test(line)
              ? [`${path}:${i + 1} ${line.trim()}`]
              : [],
          ),
      );
    expect(later).toEqual([]);
  });
});
