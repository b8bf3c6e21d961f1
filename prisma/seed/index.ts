import type { Config } from '../../src/config.ts';
import type { Database } from '../../src/db/client.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import { applySecrets, ensureJohn } from './demo/people.ts';
import { type DemoSecrets, demoSecrets } from './demo/secrets.ts';
import { findDemoCompany, hasCompany, redateEvents, writeDemo } from './demo.ts';
import { writeReference } from './write-reference.ts';

/** The demo company as this start found or made it. */
export interface Demo {
  company_id: number;
  secrets: DemoSecrets;
}

export interface Seeded {
  /** Undefined without a demo company. */
  demo: Demo | undefined;
  /** What the operator should know, a line each. */
  notices: string[];
}

/**
 * Fills the database with what it cannot do without: the reference data and, unless SEED says otherwise, the demo
 * company. Anything that is there already stays. To be run under the seed lock (lock.ts).
 * @param folder the data folder, where the demo's secrets are kept
 */
export async function seed(db: Database, config: Config, folder: string): Promise<Seeded> {
  await inTransaction(db, writeReference);
  if (config.SEED !== 'demo') return { demo: undefined, notices: [] };
  const secrets = await demoSecrets(folder, config);
  return inTransaction(db, async (tx) => {
    const company_id = await findDemoCompany(tx);
    if (company_id === undefined) {
      if (await hasCompany(tx))
        return {
          demo: undefined,
          notices: [
            'This database has companies of its own: no demo company was added. SEED=reference says so too.',
          ],
        };
      return { demo: { company_id: await writeDemo(tx, secrets), secrets }, notices: [] };
    }
    await redateEvents(tx, company_id);
    await ensureJohn(tx, company_id, secrets);
    const changed = await applySecrets(tx, company_id, secrets);
    const notices = changed.length
      ? [`New demo secrets, for this folder did not know the old ones: ${changed.join(', ')}`]
      : [];
    return { demo: { company_id, secrets }, notices };
  });
}
