import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { uuidv7 } from '../../src/uuid.ts';
import { type DoorWorld, doorWorld } from '../helpers/ticket-factories.ts';

// A stadium: what a scanner takes along and brings back. How fast, the bench tells.

const TICKETS = 50_000;
const BATCH = 1_000;

let world: DoorWorld;
const ids = Array.from({ length: TICKETS }, () => uuidv7());
beforeAll(async () => {
  world = await doorWorld();
  const { event_id, standing } = world.tonight;
  await world.sql(
    `INSERT INTO ticket (company_id, id, event_id, ticket_type_id, interface_id, courtesy_id, first_name, last_name)
     SELECT $1, id, $2, $3, $4, gen_random_uuid(), 'Holder', 'Number ' || n FROM unnest($5::uuid[]) WITH ORDINALITY AS r (id, n)`,
    ...[world.accounts.company_id, event_id, standing, world.accounts.interfaces.web, ids],
  );
}, 60_000);
afterAll(() => world.close());

it('a manifest lists each of 50,000 tickets once, in at most 5 MB gzipped', async () => {
  const { status, raw, body } = await world.call(`/events/${world.tonight.event_id}/manifest`);
  expect(status).toBe(200);
  const listed = (body.manifest.tickets as string[][]).map(([id]) => id as string);
  expect(new Set(listed).size).toBe(listed.length);
  const missing = new Set(ids);
  for (const id of listed) missing.delete(id);
  expect([...missing]).toEqual([]);
  expect(gzipSync(raw).length).toBeLessThan(5_000_000);
}, 60_000);

for (const rotating of [false, true])
  it(`a batch of 1,000 scans, ${rotating ? 'codes rotating, ' : ''}is answered item by item, sent once or twice`, async () => {
    const { event_id, north } = world.tonight;
    await world.sql('UPDATE event SET rotating_codes = $1 WHERE id = $2', rotating, event_id);
    await new Promise((resolve) => setTimeout(resolve, 1_100)); // doors learn of it within a second
    const sign = await world.system.ticketKeys.signer(world.accounts.company_id);
    const scans = ids.slice(0, BATCH).map((ticketId, i) => {
      const at = new Date(Date.now() - i * 100);
      const qr_code = sign({ ticketId, eventId: event_id, serial: 0 }, rotating ? at : undefined);
      return {
        qr_code,
        event_id,
        gate_id: north,
        nonce: `${rotating} ${i}`,
        scanned_at: at.toISOString(),
      };
    });
    for (const repeated of [false, true]) {
      const body = { device_id: 'gate 1', sent_at: new Date().toISOString(), scans };
      const { status, body: answer } = await world.call('/validations/batch', { body });
      expect(status).toBe(201);
      expect(answer.validations.map(verdict)).toEqual(
        scans.map(({ nonce }, index) => ({ index, nonce, repeated, result: 'accepted' })),
      );
    }
    const conflicts = await world.sql<{ conflict: string; count: number }>(
      'SELECT conflict, count(*)::int FROM validation WHERE conflict IS NOT NULL GROUP BY 1',
    );
    // Those of the first round were in already; none went against the rule of codes that rotate.
    expect(conflicts).toEqual(rotating ? [{ conflict: 'already_used', count: BATCH }] : []);
  }, 60_000);

type Item = { index: number; nonce: string; repeated: boolean; validation: { result: string } };

const verdict = ({ index, nonce, repeated, validation: { result } }: Item) => ({
  index,
  nonce,
  repeated,
  result,
});
