import type { Scope } from '../../src/context.ts';
import type { Tx } from '../../src/db/transaction.ts';
import { hashSecret } from '../../src/services/oauth/client-auth.ts';
import { bumpAuthRevision } from '../../src/services/oauth/revision.ts';
import { categories } from './reference.ts';
import { insertRow, insertRows } from './rows.ts';

export interface NewInterface {
  name: string;
  kind: 'web' | 'box_office' | 'partner';
  currency: string;
  time_zone: string;
  language: string;
}

export interface NewClient {
  id: string;
  name: string;
  /** Stored as a hash only. */
  secret: string;
  scopes: readonly Scope[];
  /** Indexes into the company's interfaces; the first one is its default. */
  interfaces: readonly [number, ...number[]];
}

export interface NewCompany {
  name: string;
  interfaces: readonly NewInterface[];
  clients: readonly NewClient[];
}

/** Writes a company with its interfaces and clients, and the event categories that every company starts with. */
export async function insertCompany(
  tx: Tx,
  { name, interfaces, clients }: NewCompany,
): Promise<{ company_id: number; interface_ids: number[] }> {
  const { id: company_id } = await insertRow(tx, 'company', { name });
  const interface_ids: number[] = [];
  for (const channel of interfaces)
    interface_ids.push((await insertRow(tx, 'interface', { company_id, ...channel })).id);
  await insertRows(
    tx,
    'client',
    clients.map(({ id, name: label, secret, scopes, interfaces: [first] }) => ({
      ...{ company_id, id, name: label, secret_hash: hashSecret(secret), scopes },
      default_interface_id: interface_ids[first],
    })),
  );
  await insertRows(
    tx,
    'client_interface',
    clients.flatMap((client) =>
      client.interfaces.map((index) => ({
        company_id,
        client_id: client.id,
        interface_id: interface_ids[index],
      })),
    ),
  );
  for (const category of categories) await insertRow(tx, 'category', { company_id, ...category });
  await bumpAuthRevision(tx);
  return { company_id, interface_ids };
}
