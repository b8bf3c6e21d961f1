import { randomUUID } from 'node:crypto';

let moment = 0;
let prefix = '';

/**
 * A new UUIDv7 (RFC 9562 section 5.7). The random part is Node's own, which draws it for many at once: a system call for
 * each would cost more than all else that a published read takes. Within one millisecond they are in no order.
 */
export function uuidv7(): string {
  const now = Date.now();
  if (now !== moment) {
    moment = now;
    const time = now.toString(16).padStart(12, '0');
    prefix = `${time.slice(0, 8)}-${time.slice(8)}-7`;
  }
  return prefix + randomUUID().slice(15); // from its 15th character on, a version 4 is random but for the variant
}
