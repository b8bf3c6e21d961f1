import { afterAll, beforeAll, expect, it } from 'vitest';
import { insertRow } from '../../prisma/seed/rows.ts';
import { type Database, openDatabase } from '../../src/db/client.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import { uuidv7 } from '../../src/uuid.ts';
import { makeCompany, makeEvent } from '../helpers/catalogue.ts';
import { makeDatabase, type TestDatabase } from '../helpers/database.ts';

let database: TestDatabase;
let db: Database;
beforeAll(async () => {
  database = await makeDatabase();
  db = openDatabase({ url: database.url, poolSize: 2, onError: () => {} });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

it('ticket_version: whoever writes a ticket stamps it with the transaction, whatever the writer says', async () => {
  const id = uuidv7();
  const stampOf = async () => {
    const { rows } = await db.pool.query('SELECT version, xmin::text::bigint AS xid FROM ticket');
    expect(rows[0].version).toBe(rows[0].xid); // the first four billion transactions of a cluster
    return rows[0].version as number;
  };
  await inTransaction(db, async (tx) => {
    const company = await makeCompany(tx);
    const { event_id } = await makeEvent(tx, company);
    const { company_id, interface_id } = company;
    await insertRow(tx, 'ticket', { company_id, id, event_id, interface_id, version: 5 });
  });
  const first = await stampOf();
  await db.pool.query(`UPDATE ticket SET first_name = 'Ann'`);
  expect(await stampOf()).toBeGreaterThan(first);
});
