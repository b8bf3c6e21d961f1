import { AppError } from '../../errors.ts';

/** WWW-Authenticate of the bearer scheme (RFC 6750 section 3). */
export const challenge = (more = ''): Record<string, string> => ({
  'www-authenticate': `Bearer realm="ticketing"${more && `, ${more}`}`,
});

/** Of a token that opens nothing, or nothing any more. */
export const invalidToken = () =>
  new AppError(
    'invalid_token',
    'The access token is expired, revoked or not valid.',
    {},
    challenge('error="invalid_token", error_description="The access token is expired, revoked or not valid"'),
  );
