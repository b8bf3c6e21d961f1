import type { OpenAPIV3_1 } from 'openapi-types';

export type Parameter = OpenAPIV3_1.ParameterObject & { schema?: OpenAPIV3_1.SchemaObject };

/** Parameters that many operations share. */
export const PARAMETERS = {
  Interface: {
    name: 'X-Interface',
    in: 'header',
    description: 'Id of the sales channel; without it, the default of the client.',
    schema: { type: 'integer', minimum: 1 },
  },
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    description: 'Makes a repetition safe for 24 hours: it is answered as the first request was.',
    schema: { type: 'string', minLength: 1, maxLength: 255 },
  },
  IfMatch: {
    name: 'If-Match',
    in: 'header',
    description: 'ETag of the state that the change starts from; 412 when it is stale.',
    schema: { type: 'string' },
  },
  Page: {
    name: 'page',
    in: 'query',
    description: 'Number of the page.',
    schema: { type: 'integer', minimum: 1, default: 1 },
  },
  PerPage: {
    name: 'per_page',
    in: 'query',
    description: 'Objects a page. A larger number is served as 100.',
    schema: { type: 'integer', minimum: 1, default: 10 },
  },
  DryRun: {
    name: 'dry_run',
    in: 'query',
    description:
      'true: the same checks, prices and refusals, and no effect. Answered by 200 with `X-Dry-Run: true`.',
    schema: { type: 'boolean', default: false },
  },
} satisfies Record<string, Parameter>;

const SHARED: Record<string, keyof typeof PARAMETERS> = {
  'header idempotency-key': 'IdempotencyKey',
  'header if-match': 'IfMatch',
  'query page': 'Page',
  'query per_page': 'PerPage',
  'query dry_run': 'DryRun',
};

export const parameterRef = (name: keyof typeof PARAMETERS): OpenAPIV3_1.ReferenceObject => ({
  $ref: `#/components/parameters/${name}`,
});

/** A whole number as schemas/common.ts reads it from text. */
const WHOLE_NUMBER = '^[1-9]\\d{0,9}$';

/** Numbers and flags arrive as text; what clients send is a number or a flag all the same. */
export function plainParameter(parameter: Parameter): Parameter | OpenAPIV3_1.ReferenceObject {
  const { schema } = parameter;
  const shared = SHARED[`${parameter.in} ${parameter.name}`];
  if (shared) return parameterRef(shared);
  if (schema?.pattern === WHOLE_NUMBER) {
    return { ...parameter, schema: { ...schemaTexts(schema), type: 'integer', minimum: 1 } };
  }
  if (schema?.enum?.join() === 'true,false') return { ...parameter, schema: { type: 'boolean' } };
  return parameter;
}

const schemaTexts = ({ description }: OpenAPIV3_1.SchemaObject) => (description ? { description } : {});
