import pg from 'pg';

/** Any number that nothing else in the database locks. */
const SEED_LOCK = 7_419_260_431;

/**
 * Runs work while no other process seeds the same database: of several that start together one works, the others wait
 * and then find it done. The lock goes with its connection, however that ends.
 */
export async function withSeedLock<T>(url: string, work: () => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: 'seed' });
  client.on('error', () => {}); // a lost connection shows in the work itself
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [SEED_LOCK]);
    return await work();
  } finally {
    await client.end().catch(() => {});
  }
}
