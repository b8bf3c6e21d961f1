import { randomUUID } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import { PrismaPg } from '@prisma/adapter-pg';
import type { SqlDriverAdapter, SqlMigrationAwareDriverAdapterFactory } from '@prisma/driver-adapter-utils';
import { ColumnTypeEnum, DriverAdapterError } from '@prisma/driver-adapter-utils';
import pg from 'pg';
import { parseIntoClientConfig } from 'pg-connection-string';

const ONE_BYTE_CHAR = 18;
const UUID = 2950;

/**
 * PrismaPg 7.10 refuses PostgreSQL's one-byte type "char", which the engine's own catalogue queries return. It passes
 * as a UUID, which they never return, and `asCharacter` names it rightly to the engine.
 */
class CatalogueClient extends pg.Client {
  constructor(config?: pg.ClientConfig) {
    super(config);
    const { connection } = this as unknown as { connection: EventEmitter };
    connection.prependListener('rowDescription', ({ fields }: { fields: { dataTypeID: number }[] }) => {
      for (const field of fields) if (field.dataTypeID === ONE_BYTE_CHAR) field.dataTypeID = UUID;
    });
  }
}

function asCharacter(adapter: SqlDriverAdapter): SqlDriverAdapter {
  const queryRaw = adapter.queryRaw.bind(adapter);
  adapter.queryRaw = async (query) => {
    const result = await queryRaw(query);
    const columnTypes = result.columnTypes.map((type) =>
      type === ColumnTypeEnum.Uuid ? ColumnTypeEnum.Character : type,
    );
    return { ...result, columnTypes };
  };
  return adapter;
}

export interface EngineAdapter extends SqlMigrationAwareDriverAdapterFactory {
  /** Ends every connection that is still open. */
  close(): Promise<void>;
}

/** The engine's way to a database and to shadow databases beside it. */
export function engineAdapter(url: string): EngineAdapter {
  // Not the connection string itself: pg lets it win over `database`, and the shadow would be the real database.
  const config: pg.PoolConfig = parseIntoClientConfig(url);
  const open = new Set<pg.Pool>();
  const connectTo = async (database: string | undefined, afterwards: () => Promise<void>) => {
    const pool = new pg.Pool({ ...config, ...(database && { database }), max: 2, Client: CatalogueClient });
    open.add(pool);
    const adapter = asCharacter(await new PrismaPg(pool).connect());
    // PrismaPg's own cuts scripts at every semicolon, also inside function bodies.
    adapter.executeScript = async (script) => void (await pool.query(script).catch(toEngineError));
    adapter.dispose = async () => {
      if (!open.delete(pool)) return;
      await pool.end();
      await afterwards();
    };
    return adapter;
  };
  return {
    provider: 'postgres',
    adapterName: '@prisma/adapter-pg',
    connect: () => connectTo(config.database, async () => {}),
    // PrismaPg's own drops the database before it closes its connections to it, which PostgreSQL refuses.
    async connectToShadowDb() {
      const shadow = `prisma_migrate_shadow_db_${randomUUID()}`;
      await command(config, `CREATE DATABASE "${shadow}" TEMPLATE template0`);
      return connectTo(shadow, () => command(config, `DROP DATABASE IF EXISTS "${shadow}" WITH (FORCE)`));
    },
    async close() {
      await Promise.all([...open].map((pool) => pool.end()));
      open.clear();
    },
  };
}

async function command(config: pg.ClientConfig, sql: string): Promise<void> {
  const client = new pg.Client(config);
  await client.connect();
  await client.query(sql).finally(() => client.end());
}

/** The engine shows errors of its own kind only. */
function toEngineError(error: unknown): never {
  if (!(error instanceof pg.DatabaseError)) throw error;
  const { code = '', severity = 'ERROR', message, detail, column, hint } = error;
  throw new DriverAdapterError({ kind: 'postgres', code, severity, message, detail, column, hint });
}
