import type { OpenAPIV3_1 } from 'openapi-types';
import { headerRefs } from './headers.ts';

/** The refusal of the OAuth endpoints (RFC 6749 section 5.2), which are not problems. */
export const OAUTH_ERROR: OpenAPIV3_1.SchemaObject = {
  type: 'object',
  properties: {
    error: { type: 'string', examples: ['invalid_grant'] },
    error_description: { type: 'string' },
  },
  required: ['error', 'error_description'],
};

const refusal = (description: string): OpenAPIV3_1.ResponseObject => ({
  description,
  headers: headerRefs(['X-Request-Id', 'X-Interface']),
  content: { 'application/json': { schema: { $ref: '#/components/schemas/OAuthError' } } },
});

const REFUSALS = {
  400: refusal('The request, its grant or its scope is not valid.'),
  401: refusal('The client did not prove who it is.'),
  429: refusal('Too many attempts.'),
  500: refusal('Something went wrong on our side.'),
  503: refusal('The server is busy.'),
};

/** POST /auth/*: the client proves itself by HTTP Basic or in the body, which may be a form. */
export function completeOAuthOperation(operation: OpenAPIV3_1.OperationObject): void {
  const body = operation.requestBody as OpenAPIV3_1.RequestBodyObject | undefined;
  const media = body?.content['application/json'];
  if (body && media) {
    body.content = { 'application/x-www-form-urlencoded': media, 'application/json': media };
  }
  const answers = Object.entries(operation.responses ?? {}).filter(([status]) => status.startsWith('2'));
  operation.security = [{ client: [] }, {}];
  operation.responses = { ...Object.fromEntries(answers), ...REFUSALS };
}
