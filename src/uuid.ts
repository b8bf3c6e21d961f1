import { randomInt, randomUUID } from 'node:crypto';

const COUNTER_END = 0x1000;

let moment = 0;
let prefix = '';
let counter = 0;

/**
 * A new UUIDv7 (RFC 9562 section 5.7) above every earlier one of this process: within one millisecond its 12 bits after
 * the version count up from a random start (section 6.2, method 1). The rest is drawn by Node for many at once: a system
 * call for each would cost more than all else that a published read takes.
 */
export function uuidv7(): string {
  counter += 1;
  const now = Date.now();
  if (now > moment || counter === COUNTER_END) {
    moment = Math.max(now, moment + (now > moment ? 0 : 1)); // a full millisecond borrows from the next
    counter = randomInt(COUNTER_END / 2);
    const time = moment.toString(16).padStart(12, '0');
    prefix = `${time.slice(0, 8)}-${time.slice(8)}-7`;
  }
  return prefix + counter.toString(16).padStart(3, '0') + randomUUID().slice(18);
}
