import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inTransaction } from '../../src/db/transaction.ts';
import { runJobs } from '../../src/jobs/worker.ts';
import { waitlistRound } from '../../src/services/waitlist/round.ts';
import { type ApiWorld, apiWorld, type Who } from '../helpers/api-world.ts';
import { makeEvent, standingSection } from '../helpers/catalogue.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await apiWorld();
});
afterAll(() => world.close());

const sql = async (text: string, ...values: unknown[]) =>
  (await world.system.db.pool.query(text, values)).rows;

/** An event of two places, both sold in one cart. */
async function soldOut() {
  const { company_id, interfaces } = world.accounts;
  const { event_id, section_ids, ticket_type_ids } = await inTransaction(world.system.db, (tx) =>
    makeEvent(tx, { company_id, interface_id: interfaces.web }, [standingSection('Room', 2)], {
      name: 'Full',
    }),
  );
  const body = { items: [{ ticket_type_id: ticket_type_ids[0], quantity: 2 }] };
  const { cart } = (await world.call('POST', '/carts', { who: 'seller', body })).json();
  await world.call('POST', `/carts/${cart.id}/payments`, { who: 'seller', body: { method: 'cash' } });
  const url = `/events/${event_id}/waitlist`;
  const join = async (who: Who, more: object = {}) =>
    (await world.call('POST', url, { who, body: { party_size: 1, ...more } })).json().waitlist_entry;
  const refund = () =>
    world.call('POST', `/carts/${cart.id}/refunds`, { who: 'seller', body: { reason: 'Ill' } });
  return { event_id, section: section_ids[0] as number, url, join, refund };
}

describe('a waiting list', () => {
  it('is joined by users for themselves, and by a shop for visitors with their address', async () => {
    const { url, join } = await soldOut();
    const nameless = await world.call('POST', url, { who: 'buyer', body: { party_size: 1 } });
    expect(nameless.statusCode).toBe(422);
    expect(nameless.json().errors).toMatchObject([{ pointer: '/email', code: 'required' }]);
    const john = await join('john');
    const guest = await join('buyer', { email: 'guest@mail.com', party_size: 2 });
    expect([john.place, guest.place, john.priority]).toEqual([1, 2, undefined]);
    const seen = async (who: Who, id: string) =>
      (await world.call('GET', `${url}/${id}`, { who })).statusCode;
    expect([await seen('john', john.id), await seen('mary', john.id), await seen('buyer', john.id)]).toEqual([
      ...[200, 404, 404],
    ]);
    expect([await seen('buyer', guest.id), await seen('stranger', guest.id)]).toEqual([200, 404]);
    const list = async (who: Who, query = '') => {
      const answer = await world.call('GET', `${url}${query}`, { who });
      return answer.json().waitlist_entries?.map(({ id }: { id: string }) => id) ?? answer.json().code;
    };
    expect(await list('john')).toEqual([john.id]);
    expect(await list('mary')).toEqual([]);
    expect(await list('buyer')).toBe('user_required');
    expect(await list('admin')).toEqual([john.id, guest.id]);
    expect(await list('admin', '?live=false')).toEqual([]);
    const left = await world.call('DELETE', `${url}/${guest.id}`, { who: 'buyer' });
    expect(left.statusCode).toBe(204);
    expect(await list('admin', '?status=left,removed')).toEqual([guest.id]);
    expect((await join('mary')).place).toBe(2);
  });

  it('offers a cart that its user pays as any other, and that is not extended', async () => {
    const { url, join, refund } = await soldOut();
    const { id } = await join('john', { max_price: 10_000 });
    await refund();
    await waitlistRound(world.system);
    const { waitlist_entry } = (await world.call('GET', `${url}/${id}`, { who: 'john' })).json();
    expect(waitlist_entry).toMatchObject({ status: 'offered', place: null });
    const cart = `/carts/${waitlist_entry.cart_id}`;
    expect((await world.call('POST', `${cart}/extend`, { who: 'john' })).json().code).toBe('limit_exceeded');
    const body = { method: 'card', card: { token: 'sandbox_pending' } };
    expect((await world.call('POST', `${cart}/payments`, { who: 'john', body })).statusCode).toBe(202);
    const accepted = (await world.call('GET', `${url}/${id}`, { who: 'john' })).json();
    expect(accepted.waitlist_entry.status).toBe('accepted');
    const declined = await world.call('POST', `${url}/${id}/decline`, { who: 'john' });
    expect(declined.json()).toMatchObject({ code: 'conflict', waitlist_entry_status: 'accepted' });
  });

  it('has places of blocks that are released, and more of them when more are for sale', async () => {
    const { event_id, section, url, join, refund } = await soldOut();
    await refund();
    const block = { kind: 'house', name: 'House', section_id: section, quantity: 2 };
    const made = await world.call('POST', `/events/${event_id}/blocks`, { who: 'admin', body: block });
    const { id } = await join('john', { party_size: 2 });
    expect(await waitlistRound(world.system)).toBe(0);
    await world.call('DELETE', `/events/${event_id}/blocks/${made.json().block.id}`, { who: 'admin' });
    expect(await waitlistRound(world.system)).toBe(1);
    const entry = (await world.call('GET', `${url}/${id}`, { who: 'john' })).json().waitlist_entry;
    expect(entry.status).toBe('offered');
  });

  it('knows a person as long as they are known: exports tell their entries, erasing ends them', async () => {
    const { url } = await soldOut();
    const person = await world.person();
    const { token } = person;
    await sql('UPDATE user_account SET email_verified_at = now() WHERE id = $1', person.id);
    const own = await world.call('POST', url, { token, body: { party_size: 1, email: 'own@mail.com' } });
    const asGuest = await world.call('POST', url, {
      who: 'buyer',
      body: { party_size: 1, email: person.email },
    });
    expect([own.statusCode, asGuest.statusCode]).toEqual([201, 201]);
    await world.call('POST', `/users/${person.id}/export`, { token });
    await runJobs(world.system);
    const zip = await world.call('GET', `/users/${person.id}/export`, { token });
    expect(zip.rawPayload.includes('waitlist_entry.json')).toBe(true);
    expect((await world.call('DELETE', `/users/${person.id}`, { token })).statusCode).toBe(204);
    const ids = [own, asGuest].map((answer) => answer.json().waitlist_entry.id);
    const rows = await sql('SELECT * FROM waitlist_entry WHERE id = ANY($1::uuid[])', ids);
    for (const row of rows)
      expect(row).toMatchObject({ email: null, person: `erased ${row.id}`, status: 'left' });
    expect(JSON.stringify(rows)).not.toMatch(/mail\.com/);
    expect(rows).toHaveLength(2);
  });
});
