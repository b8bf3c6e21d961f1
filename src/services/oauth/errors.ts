/** Error codes of RFC 6749 section 5.2, and the status each one is sent with. */
const OAUTH_ERRORS = {
  invalid_request: 400,
  invalid_client: 401,
  invalid_grant: 400,
  unsupported_grant_type: 400,
  invalid_scope: 400,
} as const;

export type OAuthErrorCode = keyof typeof OAUTH_ERRORS;

/** A refusal of the token, revocation or introspection endpoint. hooks/oauth-errors.ts renders it. */
export class OAuthError extends Error {
  readonly code: OAuthErrorCode;
  readonly status: number;

  /** @param description told to the client: nothing internal, nothing that tells a known user from an unknown one */
  constructor(code: OAuthErrorCode, description: string) {
    super(description);
    this.name = 'OAuthError';
    this.code = code;
    this.status = OAUTH_ERRORS[code];
  }
}
