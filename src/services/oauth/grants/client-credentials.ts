import { SCOPES } from '../../../context.ts';
import { grantScopes } from '../scope.ts';
import type { Grant } from './grant.ts';

/** RFC 6749 section 4.4: the client itself, with any scope it has. No refresh token: it can always ask again. */
export const clientCredentials: Grant = (_system, client, { scope }) => ({
  scopes: grantScopes(scope, SCOPES, client.scopes),
});
