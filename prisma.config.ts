import { defineConfig } from 'prisma/config';

// `generate`, `validate` and `format` never run the native schema engine, yet the CLI downloads it first.
// Any existing file satisfies it, so that these commands work offline.
if (['generate', 'validate', 'format'].some((command) => process.argv.includes(command))) {
  process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= process.execPath;
}

export default defineConfig({
  schema: 'prisma/schema',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env.DATABASE_URL ?? '' },
});
