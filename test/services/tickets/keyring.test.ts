import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { insertRow } from '../../../prisma/seed/rows.ts';
import { inTransaction } from '../../../src/db/transaction.ts';
import { signTicketCode, verifyTicketCode } from '../../../src/services/tickets/code.ts';
import { TicketKeyring } from '../../../src/services/tickets/keyring.ts';
import { generateTicketKey, importTicketPublicKeys } from '../../../src/services/tickets/keys.ts';
import type { System } from '../../../src/system.ts';
import { makeDatabase, type TestDatabase } from '../../helpers/database.ts';
import { makeSystem } from '../../helpers/sales-world.ts';

let database: TestDatabase;
let system: System;
beforeAll(async () => {
  database = await makeDatabase();
  system = makeSystem(database.url);
});
afterAll(async () => {
  await system.close();
  await database.drop();
});

const newCompany = () =>
  inTransaction(system.db, async (tx) => (await insertRow(tx, 'company', { name: 'Acme' })).id);
const keyring = () => new TicketKeyring(system.db);
const claims = { ticketId: '0190a0a0-0000-7000-8000-000000000001', eventId: 7, serial: 3 };
const rows = async (company_id: number) =>
  (await system.db.pool.query('SELECT * FROM ticket_key WHERE company_id = $1 ORDER BY number', [company_id]))
    .rows;

describe('a keyring', () => {
  it('makes the first key of a company when its first code is asked for: once, however many ask', async () => {
    const company = await newCompany();
    const codes = await Promise.all(
      Array.from({ length: 20 }, async () => (await keyring().signer(company))(claims)),
    );
    expect(new Set(codes).size).toBe(1);
    expect(await rows(company)).toMatchObject([{ number: 1, retired_at: null }]);
  });

  it('makes codes that a scanner verifies with the public keys alone', async () => {
    const company = await newCompany();
    const ring = keyring();
    const code = await (await ring.signer(company))(claims);
    const jwks = await ring.publicJwks(company);
    expect(JSON.stringify(jwks)).not.toContain('"d"');
    expect(verifyTicketCode(code, importTicketPublicKeys(jwks))).toMatchObject(claims);
  });

  it('makes different codes for different tickets, events and serials, and the same for the same', async () => {
    const company = await newCompany();
    const sign = await keyring().signer(company);
    const codes = [
      await sign(claims),
      await sign({ ...claims, serial: 4 }),
      await sign({ ...claims, eventId: 8 }),
      await sign({ ...claims, ticketId: '0190a0a0-0000-7000-8000-000000000002' }),
    ];
    expect(new Set(codes).size).toBe(4);
    expect(await sign(claims)).toBe(codes[0]);
    expect(await (await keyring().signer(company))(claims)).toBe(codes[0]);
  });

  it('proves what it has made, in any spelling, and nothing else', async () => {
    const company = await newCompany();
    const code = await (await keyring().signer(company))(claims);
    const ring = keyring(); // of a process that has never seen the code
    const forged = [
      signTicketCode(claims, generateTicketKey(1)),
      signTicketCode(claims, generateTicketKey(2)),
      `${code.slice(0, -3)}AAA`,
      code.slice(1),
      `${code}A`,
      '',
      'ı'.repeat(143),
    ];
    for (const text of forged) expect(await ring.prove(company, text)).toBeUndefined();
    for (const text of [code, code.toLowerCase(), ` ${code}\n`, code])
      expect(await ring.prove(company, text)).toEqual(claims);
  });

  it('proves nothing of another company, though its key has the same number', async () => {
    const [ours, theirs] = [await newCompany(), await newCompany()];
    const ring = keyring();
    const code = await (await ring.signer(ours))(claims);
    await ring.signer(theirs);
    expect(await ring.prove(theirs, code)).toBeUndefined();
    expect(await ring.prove(await newCompany(), code)).toBeUndefined();
  });

  it('rotates: the new key signs, codes of the old one stay good', async () => {
    const company = await newCompany();
    const ring = keyring();
    const old = await (await ring.signer(company))(claims);
    expect(await ring.rotate(company)).toBe(2);
    const next = await (await ring.signer(company))(claims);
    expect(next).not.toBe(old);
    for (const code of [old, next]) expect(await keyring().prove(company, code)).toEqual(claims);
    expect(await rows(company)).toMatchObject([{ retired_at: expect.any(Date) }, { retired_at: null }]);
    expect((await ring.publicJwks(company)).map(({ kid }) => kid)).toEqual(['1', '2']);
  });

  it('finds a key that another process has made a moment ago', async () => {
    const company = await newCompany();
    const [here, there] = [keyring(), keyring()];
    const old = await (await here.signer(company))(claims);
    await there.rotate(company);
    const code = await (await there.signer(company))(claims);
    expect(await here.prove(company, code)).toEqual(claims);
    expect(await here.prove(company, old)).toEqual(claims);
    const none = await newCompany();
    expect(await here.prove(none, code)).toBeUndefined();
    const first = await (await there.signer(none))(claims);
    expect(await here.prove(none, first)).toEqual(claims);
  });

  it('rotates as often as it is asked at once', async () => {
    const company = await newCompany();
    const numbers = await Promise.all(Array.from({ length: 5 }, () => keyring().rotate(company)));
    expect(numbers.sort()).toEqual([1, 2, 3, 4, 5]);
    expect((await rows(company)).filter(({ retired_at }) => retired_at === null)).toHaveLength(1);
  });

  it('shows nobody its private halves', async () => {
    const company = await newCompany();
    const ring = keyring();
    await ring.signer(company);
    const { d } = (await rows(company))[0].private_jwk;
    expect(d).toHaveLength(43);
    expect(JSON.stringify(ring) + inspect(ring, { depth: 10 })).not.toContain(d);
  });
});
