import type { System } from '../../system.ts';
import { sequenceChanges } from '../feed/sequence.ts';
import { attempt, type Claimed, claimDue } from './attempt.ts';

const EVERY_MS = 500;
/** Webhooks that are served at the same time by one process. */
const MAX_WEBHOOKS = 64;
const MAX_DELIVERIES = 256;

/**
 * Numbers what has changed and makes all attempts that are due, until none is.
 * @param now the moment that it is taken to be: when deliveries are due, and when they are to be tried again
 * @returns how many attempts were made
 */
export async function deliverDue(system: System, now = () => new Date()): Promise<number> {
  await sequenceChanges(system, null, now());
  let made = 0;
  for (;;) {
    const claimed = await claimDue(system, now(), [], MAX_DELIVERIES);
    if (!claimed.length) return made;
    await Promise.all(claimed.map((delivery) => attempt(system, delivery, now)));
    made += claimed.length;
  }
}

/**
 * Carries changes to webhooks, a few times a second. Any number of processes may do so: what one has claimed the others
 * leave alone, and what dies with its process is attempted again a minute later.
 */
export function startCourier(system: System): { stop(): Promise<void> } {
  const busy = new Map<string, Promise<void>>();
  let stopped = false;
  let running: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout;

  const serve = async (deliveries: Claimed[]) => {
    const made = deliveries.map((delivery) => attempt(system, delivery, () => new Date()));
    for (const result of await Promise.allSettled(made))
      if (result.status === 'rejected')
        system.log.warn({ err: result.reason }, 'an attempt is not written down; it is made again');
  };
  const claim = async () => {
    while (!stopped && busy.size < MAX_WEBHOOKS) {
      const claimed = await claimDue(system, new Date(), [...busy.keys()], MAX_DELIVERIES);
      if (!claimed.length) return;
      for (const [id, deliveries] of byWebhook(claimed))
        busy.set(
          id,
          serve(deliveries).then(() => {
            busy.delete(id);
            if (!stopped) hurry();
          }),
        );
    }
  };
  const round = async () => {
    try {
      await sequenceChanges(system);
      await claim();
    } catch (err) {
      system.log.warn({ err }, 'changes are not delivered; the next round tries again');
    }
  };
  const schedule = (ms: number) => {
    timer = setTimeout(() => {
      running = round().then(() => {
        if (!stopped) schedule(EVERY_MS);
      });
    }, ms);
  };
  // A webhook that has taken its part is given the next at once.
  const hurry = () => {
    clearTimeout(timer);
    running = running.then(() => {
      clearTimeout(timer);
      if (!stopped) schedule(0);
    });
  };
  schedule(EVERY_MS);
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
      await Promise.all(busy.values());
    },
  };
}

function byWebhook(claimed: readonly Claimed[]): Map<string, Claimed[]> {
  const groups = new Map<string, Claimed[]>();
  for (const delivery of claimed)
    groups.set(delivery.webhook_id, [...(groups.get(delivery.webhook_id) ?? []), delivery]);
  return groups;
}
