import { describe, expect, it } from 'vitest';
import { findAll, importsOf, type SourceFile, sqlWrites, withoutComments } from './source.ts';

// The rules are only as good as what reads the files for them.

const file = (text: string): SourceFile => ({
  path: 'src/routes/sample.ts',
  text,
  code: withoutComments(text),
});

describe('the reader of source files', () => {
  it('blanks out comments and leaves strings and line numbers alone', () => {
    const sample = file(
      ["const a = 'no // comment'; // process.env", '/* pg', '*/ const b = `/* kept */`;'].join('\n'),
    );
    expect(sample.code).toContain("'no // comment'");
    expect(sample.code).toContain('`/* kept */`');
    expect(sample.code).not.toContain('process.env');
    expect(findAll([sample], /const b/)[0]?.place).toBe('src/routes/sample.ts:3');
  });

  it('finds imports of every form', () => {
    const sample = file(
      ["import type { A } from './a.ts';", "import 'pg';", "const c = await import('../c/d.ts');"].join('\n'),
    );
    expect(importsOf(sample)).toEqual([
      { place: 'src/routes/sample.ts:1', specifier: './a.ts', target: 'src/routes/a.ts', erased: true },
      { place: 'src/routes/sample.ts:2', specifier: 'pg', target: 'pg', erased: false },
      { place: 'src/routes/sample.ts:3', specifier: '../c/d.ts', target: 'src/c/d.ts', erased: false },
    ]);
  });

  it('finds what SQL writes, and which columns', () => {
    const sample = file(`
      const a = \`UPDATE cart c SET paid = c.paid + m.n, updated_at = greatest(now(), c.x + interval '1 ms'), status = $2
        FROM m WHERE c.total = 1\`;
      const b = \`WITH gone AS (DELETE FROM ticket WHERE id = $1 RETURNING id)
        INSERT INTO event_seat (company_id, seat_id) SELECT id, 1 FROM gone\`;
      const c = 'UPDATE code SET held = held - 1 WHERE id = $1';
      const d = \`SELECT 1 FROM cart c FOR UPDATE OF c\`;
      const e = \`UPDATE job SET done = CASE WHEN kind = 'x, (' THEN 1 ELSE (SELECT 2) END, total = 3\`;
    `);
    expect(sqlWrites([sample]).map(({ verb, table, columns }) => [verb, table, columns])).toEqual([
      ['UPDATE', 'cart', ['paid', 'updated_at', 'status']],
      ['DELETE', 'ticket', []],
      ['INSERT', 'event_seat', ['company_id', 'seat_id']],
      ['UPDATE', 'code', ['held']],
      ['UPDATE', 'job', ['done', 'total']],
    ]);
  });
});
