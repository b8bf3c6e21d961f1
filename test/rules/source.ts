import fs from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../../src/paths.ts';

/** A file of the project as the rules about the code base read it. */
export interface SourceFile {
  /** From the project's folder, with slashes. */
  path: string;
  text: string;
  /** The text with every comment blanked out; lines and columns stay where they are. */
  code: string;
}

const GENERATED = /(^|\/)(generated|node_modules|dist)(\/|$)/;

/** The TypeScript files below the given folders; generated ones are nobody's to write well. */
export function sourceFiles(...folders: string[]): SourceFile[] {
  return folders.flatMap((folder) => {
    const root = path.join(projectRoot, folder);
    if (!fs.existsSync(root)) return [];
    return fs
      .readdirSync(root, { recursive: true, encoding: 'utf8' })
      .map((name) => path.posix.join(folder, name.replaceAll(path.sep, '/')))
      .filter((name) => name.endsWith('.ts') && !GENERATED.test(name))
      .sort()
      .map(readSource);
  });
}

function readSource(name: string): SourceFile {
  const text = fs.readFileSync(path.join(projectRoot, name), 'utf8');
  return { path: name, text, code: withoutComments(text) };
}

// Strings come first, so that what looks like a comment inside one is left alone.
const TOKEN = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;

/** Blanks out comments, so that a rule never trips over prose. */
export const withoutComments = (text: string): string =>
  text.replace(TOKEN, (token) =>
    token.startsWith('//') || token.startsWith('/*') ? token.replace(/[^\n]/g, ' ') : token,
  );

/** A place in a file, as editors and terminals make a link of it. */
export const placeOf = (file: SourceFile, index: number): string =>
  `${file.path}:${file.text.slice(0, index).split('\n').length}`;

/** Everything a pattern matches in the code of files: where, and what. */
export function findAll(
  files: readonly SourceFile[],
  pattern: RegExp,
): { file: SourceFile; place: string; match: RegExpExecArray }[] {
  return files.flatMap((file) =>
    [...file.code.matchAll(new RegExp(pattern, `${pattern.flags.replace('g', '')}g`))].map((match) => ({
      file,
      place: placeOf(file, match.index),
      match,
    })),
  );
}

export interface Import {
  place: string;
  /** As written: `../services/jobs/read.ts`, `pg`. */
  specifier: string;
  /** What a relative specifier points at, from the project's folder; the specifier itself for a package. */
  target: string;
  /** `import type`: it is gone when the program runs. */
  erased: boolean;
}

/** Static and dynamic imports of a file. */
export function importsOf(file: SourceFile): Import[] {
  const imports = /(?:\b(?:import|export)\s+(type\s)?[^'";()]*\bfrom|\bimport\s*\(?)\s*['"]([^'"]+)['"]/;
  return findAll([file], imports).map(({ place, match }) => {
    const specifier = match[2] as string;
    const target = specifier.startsWith('.')
      ? path.posix.join(path.posix.dirname(file.path), specifier)
      : specifier;
    return { place, specifier, target, erased: match[1] !== undefined };
  });
}

/** A statement in SQL that writes a table. */
export interface SqlWrite {
  place: string;
  verb: 'INSERT' | 'UPDATE' | 'DELETE' | 'TRUNCATE';
  table: string;
  /** Columns that it sets or inserts, as far as its text names them. */
  columns: string[];
}

const WRITE = /\b(INSERT\s+INTO|UPDATE|DELETE\s+FROM|TRUNCATE(?:\s+TABLE)?)\s+(?:ONLY\s+)?"?([a-z_]+)"?/g;

/** Writes in the SQL of files: in every string, as many as it holds. */
export function sqlWrites(files: readonly SourceFile[]): SqlWrite[] {
  return findAll(files, TOKEN).flatMap(({ file, match }) => {
    const sql = match[0].slice(1, -1).replace(/'[^']*'/g, (literal) => ' '.repeat(literal.length));
    return [...sql.matchAll(WRITE)].map((write): SqlWrite => {
      const [text, words, table] = write as unknown as [string, string, string];
      const verb = words.split(/\s/)[0] as string as SqlWrite['verb'];
      const rest = sql.slice(write.index + text.length);
      return {
        place: placeOf(file, match.index + 1 + write.index),
        verb,
        table,
        columns: columnsOf(verb, rest),
      };
    });
  });
}

/** `rest` is the text behind the table's name. */
function columnsOf(verb: SqlWrite['verb'], rest: string): string[] {
  if (verb === 'INSERT')
    return (/^[^(]*\(([^)]*)\)/.exec(rest)?.[1] ?? '').split(',').map((name) => name.trim());
  return verb === 'UPDATE' ? assigned(/\bSET\b([\s\S]*)/.exec(rest)?.[1] ?? '') : [];
}

/** Left sides of the assignments of a SET clause, up to the keyword that ends it outside all brackets. */
function assigned(set: string): string[] {
  const columns: string[] = [];
  let depth = 0;
  let start = true; // behind SET or a comma
  for (const token of set.match(/[(),]|[^(),]+/g) ?? []) {
    if (token === '(') depth++;
    if (token === ')' && --depth < 0) break;
    if (depth > 0 || token === ')') continue;
    if (token === ',') {
      start = true;
      continue;
    }
    const column = start ? /^\s*"?([a-z_]+)"?\s*=/.exec(token)?.[1] : undefined;
    if (column) columns.push(column);
    start = false;
    if (/\b(FROM|WHERE|RETURNING)\b/.test(token)) break;
  }
  return columns;
}
