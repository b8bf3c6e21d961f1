import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of package.json, found upward so that src/ and dist/src/ agree. */
function findRoot(): string {
  const start = path.dirname(fileURLToPath(import.meta.url));
  for (let folder = start; ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, 'package.json'))) return folder;
    if (folder === path.dirname(folder)) throw new Error(`No package.json above ${start}`);
  }
}

/** Absolute path of the project's folder. */
export const projectRoot: string = findRoot();

/** Absolute path of a file or folder of the project. */
export const inProject = (...parts: string[]): string => path.join(projectRoot, ...parts);

export const migrationsFolder: string = inProject('prisma', 'migrations');
