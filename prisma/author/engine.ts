import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg';
import { type EngineAdapter, engineAdapter } from './adapter.ts';

/** Where schema and migrations lie. */
export interface Folders {
  schema: string;
  migrations: string;
}

const LOCK_FILE = 'migration_lock.toml';
const LOCK = '# Prisma reads this file: keep it under version control.\nprovider = "postgresql"\n';
const NO_FILTER = { externalTables: [], externalEnums: [] };

/** Node has it, though its types for version 20 leave it to the browser's. */
const { WebAssembly: webAssembly } = globalThis as unknown as {
  WebAssembly: {
    instantiate(
      bytes: Uint8Array,
      imports: Record<string, object>,
    ): Promise<{ instance: { exports: { __wbindgen_start(): void } } }>;
  };
};

let loaded: Promise<void> | undefined;

/** The package's own entry imports the .wasm file as a module, which Node 20 cannot. */
async function load(): Promise<void> {
  Object.assign(globalThis, {
    PRISMA_WASM_PANIC_REGISTRY: { set_message: (message: string) => console.error(message) },
  });
  const entry = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm');
  const bytes = fs.readFileSync(path.join(path.dirname(entry), 'schema_engine_bg.wasm'));
  const { instance } = await webAssembly.instantiate(bytes, { './schema_engine_bg.js': { ...bindings } });
  bindings.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
}

/**
 * The SQL that would bring what the migrations make to what the schema says: empty when they agree. Replays the
 * migrations in a shadow database beside the one of the address, whose user must be allowed to create databases.
 * @throws Error when the schema is not valid or a migration fails
 */
export async function drift(url: string, folders: Folders): Promise<string> {
  const schema = schemaFiles(folders.schema);
  loaded ??= load();
  await loaded;
  const adapter: EngineAdapter = engineAdapter(url);
  const bound = bindMigrationAwareSqlAdapterFactory(adapter);
  try {
    const engine = await bindings.SchemaEngine.new(
      { datamodels: schema.map((file) => [file.path, file.content]) },
      () => {},
      bound,
    );
    const { exitCode, stdout } = await engine.diff({
      from: { tag: 'migrations', ...migrationsList(folders.migrations) },
      to: { tag: 'schemaDatamodel', files: schema },
      script: true,
      exitCode: true,
      filters: NO_FILTER,
    });
    engine.free();
    return exitCode === 0 ? '' : (stdout ?? '');
  } finally {
    await adapter.close();
  }
}

/**
 * Writes the next migration from what the schema has and the migrations lack.
 * @param name becomes part of the folder's name, after the time
 * @returns the folder's name, or undefined when there is nothing to do
 */
export async function createMigration(
  url: string,
  name: string,
  folders: Folders,
): Promise<string | undefined> {
  const sql = await drift(url, folders);
  if (sql === '') return undefined;
  const time = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
  const migration = `${time}_${name.toLowerCase().replace(/\W+/g, '_')}`;
  fs.mkdirSync(path.join(folders.migrations, migration), { recursive: true });
  fs.writeFileSync(path.join(folders.migrations, migration, 'migration.sql'), sql);
  const lock = path.join(folders.migrations, LOCK_FILE);
  if (!fs.existsSync(lock)) fs.writeFileSync(lock, LOCK);
  return migration;
}

function schemaFiles(folder: string): { path: string; content: string }[] {
  return fs
    .readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.prisma'))
    .sort()
    .map((name) => path.join(folder, name))
    .map((file) => ({ path: file, content: fs.readFileSync(file, 'utf8') }));
}

function migrationsList(folder: string): bindings.MigrationList {
  const entries = fs.existsSync(folder) ? fs.readdirSync(folder, { withFileTypes: true }) : [];
  return {
    baseDir: path.resolve(folder),
    lockfile: { path: LOCK_FILE, content: LOCK },
    shadowDbInitScript: '',
    migrationDirectories: entries
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort()
      .map((name) => {
        const value = fs.readFileSync(path.join(folder, name, 'migration.sql'), 'utf8');
        return { path: name, migrationFile: { path: 'migration.sql', content: { tag: 'ok', value } } };
      }),
  };
}
