import type { Context } from '../../src/context.ts';
import type { QueuePlace, QueueSettingsPut } from '../../src/schemas/queues.ts';
import { joinQueue } from '../../src/services/queue/join.ts';
import { putQueueSettings } from '../../src/services/queue/settings.ts';
import type { System } from '../../src/system.ts';
import { contextOf } from './context.ts';
import { fromNow, type SalesWorld } from './sales-world.ts';

/** A gate of the festival and its guests, each a visitor of the web shop. */
export interface QueueWorld {
  event_id: number;
  /** Sets the gate: running, with the given numbers. */
  set(body?: Partial<QueueSettingsPut>): ReturnType<typeof putQueueSettings>;
  /** Visitors come, in turn to the given processes. */
  come(names: readonly string[], systems?: readonly System[]): Promise<QueuePlace[]>;
  /** Lets the gate live some seconds longer: whatever it remembers is that much older. */
  later(seconds: number): Promise<void>;
  /** How many passes were given. */
  admitted(): Promise<number>;
  /** Takes the gate away. */
  remove(): Promise<void>;
}

export const names = (n: number, prefix = 'v'): string[] =>
  Array.from({ length: n }, (_, i) => `${prefix}${i}`);

export function queueWorld(world: SalesWorld): QueueWorld {
  const { event_id } = world.festival;
  const admin = (): Context => world.seller({ scopes: ['public', 'admin'] });
  const sql = (text: string, ...values: unknown[]) => world.sql(text, ...values);
  let isSet = false;
  return {
    event_id,
    set: (body = {}) => {
      const times = isSet ? {} : { starts_at: fromNow(-1_000), opens_at: fromNow(-2_000) };
      isSet = true;
      return putQueueSettings(admin(), event_id, { ...times, inflow: 60, ...body });
    },
    come: (visitors, systems = [world.system]) =>
      Promise.all(
        visitors.map((visitor, i) => {
          const ctx = contextOf(systems[i % systems.length] as System, { interface: world.web });
          return joinQueue(ctx, event_id, { visitor });
        }),
      ),
    async later(seconds) {
      const by = `make_interval(secs => ${seconds})`;
      await sql(
        `UPDATE queue SET opens_at = opens_at - ${by}, starts_at = starts_at - ${by}, drawn_at = drawn_at - ${by}`,
      );
      await sql(`UPDATE queue_interface SET refilled_at = refilled_at - ${by}`);
      await sql(`UPDATE queue_round SET at = at - ${by}`);
      await sql(
        `UPDATE queue_place SET joined_at = joined_at - ${by}, admitted_at = admitted_at - ${by},
           pass_expires_at = pass_expires_at - ${by}`,
      );
    },
    async admitted() {
      const [row] = await world.sql<{ n: number }>(
        'SELECT count(*)::int AS n FROM queue_place WHERE admitted_at IS NOT NULL',
      );
      return row?.n as number;
    },
    async remove() {
      isSet = false;
      await sql('DELETE FROM queue');
      await sql('UPDATE event SET version = version + 1 WHERE id = $1', event_id);
      world.system.offers.drop(world.company_id, event_id);
    },
  };
}
