import { SCOPES, type Scope } from '../../context.ts';
import { OAuthError } from './errors.ts';

const isScope = (name: string): name is Scope => (SCOPES as readonly string[]).includes(name);

/** Scopes as a token answer writes them: in the order of SCOPES, separated by spaces (RFC 6749 section 3.3). */
export const scopeText = (scopes: ReadonlySet<Scope>): string =>
  SCOPES.filter((scope) => scopes.has(scope)).join(' ');

/** Scopes out of text of our own making: a token's claim, a session's row. */
export const scopeSet = (text: string): ReadonlySet<Scope> => new Set(text.split(' ').filter(isScope));

export const ofBoth = (a: ReadonlySet<Scope>, b: ReadonlySet<Scope>): ReadonlySet<Scope> =>
  new Set([...a].filter((scope) => b.has(scope)));

/**
 * The scopes that a token gets (seed: Scopes).
 * @param asked the request's `scope`; without one it is `public`
 * @param allowed what this grant may give
 * @param held what the client, or the session being refreshed, has
 * @throws OAuthError invalid_scope: an unknown scope, one that the grant or the client may not have, no `public`
 */
export function grantScopes(
  asked: string | undefined,
  allowed: readonly Scope[],
  held: ReadonlySet<Scope>,
): ReadonlySet<Scope> {
  const names = asked?.split(' ').filter(Boolean) ?? [];
  if (!names.length) names.push('public');
  const unknown = names.filter((name) => !isScope(name));
  if (unknown.length) throw invalidScope(`Unknown scope: ${unknown.join(', ')}.`);
  const scopes = new Set(names as Scope[]);
  const notByGrant = [...scopes].filter((scope) => !allowed.includes(scope));
  if (notByGrant.length) throw invalidScope(`This grant may not have: ${notByGrant.join(', ')}.`);
  const notHeld = [...scopes].filter((scope) => !held.has(scope));
  if (notHeld.length) throw invalidScope(`Not granted to this client: ${notHeld.join(', ')}.`);
  if (!scopes.has('public')) throw invalidScope('The scope public must be in every token.');
  return scopes;
}

const invalidScope = (description: string) => new OAuthError('invalid_scope', description);
