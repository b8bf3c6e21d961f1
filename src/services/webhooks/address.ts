import net from 'node:net';
import { fieldError } from '../../errors.ts';
import { hostOf, isPublicAddress } from '../../net/address.ts';

/**
 * Checks the form of a webhook's address. What its name resolves to is looked at with every delivery, since that can
 * change.
 * @param allowPrivate the setting WEBHOOK_PRIVATE_ADDRESSES: also http, and any address
 * @throws AppError validation_failed
 */
export function checkUrl(text: string, allowPrivate: boolean): string {
  const fault = (message: string) => fieldError('/url', message);
  if (!URL.canParse(text)) throw fault('must be an absolute address like https://shop.example/hooks');
  const url = new URL(text);
  if (url.protocol !== 'https:' && !(allowPrivate && url.protocol === 'http:')) throw fault('must use https');
  if (url.username || url.password) throw fault('must not hold a user name or a password');
  if (url.hash) throw fault('must not have a fragment');
  if (!allowPrivate && !mayBePublic(hostOf(url))) throw fault('must lead to the public internet');
  return url.href;
}

function mayBePublic(host: string): boolean {
  if (net.isIP(host)) return isPublicAddress(host);
  return host.includes('.') && !/\.(localhost|local|internal|home\.arpa|onion)\.?$/i.test(host);
}
