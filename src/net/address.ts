import dns from 'node:dns';
import net from 'node:net';

// Some addresses that this server calls are named by its users. None of them may lead into the network it stands in.

/** Networks that are nobody's on the internet (IANA special-purpose registries): IPv4, then IPv6. */
const PRIVATE = new net.BlockList();
for (const [network, prefix] of [
  ...[['0.0.0.0', 8] as const, ['10.0.0.0', 8] as const, ['100.64.0.0', 10] as const],
  ...[['127.0.0.0', 8] as const, ['169.254.0.0', 16] as const, ['172.16.0.0', 12] as const],
  ...[['192.0.0.0', 24] as const, ['192.0.2.0', 24] as const, ['192.88.99.0', 24] as const],
  ...[['192.168.0.0', 16] as const, ['198.18.0.0', 15] as const, ['198.51.100.0', 24] as const],
  ...[['203.0.113.0', 24] as const, ['224.0.0.0', 4] as const, ['240.0.0.0', 4] as const],
] as const)
  PRIVATE.addSubnet(network, prefix, 'ipv4');
/** Of IPv6 only 2000::/3 is the internet; these parts of it lead elsewhere: Teredo, documentation, 6to4, and the like. */
const GLOBAL6 = new net.BlockList();
GLOBAL6.addSubnet('2000::', 3, 'ipv6');
for (const [network, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  PRIVATE.addSubnet(network, prefix, 'ipv6');

/** Is this a unicast address of the public internet? An IPv4 address in the clothes of IPv6 is none. */
export function isPublicAddress(address: string): boolean {
  if (net.isIPv4(address)) return !PRIVATE.check(address, 'ipv4');
  return net.isIPv6(address) && GLOBAL6.check(address, 'ipv6') && !PRIVATE.check(address, 'ipv6');
}

/** An address that must not be called. */
export class ForbiddenAddress extends Error {
  constructor(host: string) {
    super(`${host} is not an address of the public internet`);
  }
}

/** The host of an address, IPv6 without its brackets. */
export const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '');

/**
 * Resolves names for the connection itself, so that what was looked at is what is called (no second look-up that could
 * say otherwise). Private addresses are left out; with none left, it fails with ForbiddenAddress.
 */
export const publicLookup: net.LookupFunction = (host, options, done) => {
  dns.lookup(host, { ...options, all: true }, (error, found) => {
    const addresses = error ? [] : found.filter(({ address }) => isPublicAddress(address));
    const [first] = addresses;
    if (error || !first) return done(error ?? new ForbiddenAddress(host), '', 0);
    if (options.all) return done(null, addresses);
    done(null, first.address, first.family);
  });
};
