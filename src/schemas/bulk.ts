import { z } from 'zod';

// Management routes that take many rows at once: all of them or none, or each by itself.

export const BULK_MODES = ['atomic', 'each'] as const;
export type BulkMode = (typeof BULK_MODES)[number];

/**
 * The body of a bulk route: `{mode, <rows>: […]}`. Its rows are checked one by one by the service (services/bulk.ts), for
 * in the mode `each` a faulty row must not refuse the others; the documentation shows what a row takes all the same.
 * @param name of the array
 * @param most rows of one request
 */
export const bulkBody = <Name extends string>(name: Name, row: z.ZodType, most = 100) =>
  z.strictObject({
    mode: z
      .enum(BULK_MODES)
      .optional()
      .describe(
        'atomic (default): all rows or none. each: good rows are kept, faulty ones are told one by one.',
      ),
    [name as 'rows']: z
      .array(z.unknown().meta(shown(row)))
      .min(1)
      .max(most),
  }) as unknown as z.ZodType<{ mode?: BulkMode | undefined } & Record<Name, unknown[]>>;

function shown(row: z.ZodType): Record<string, unknown> {
  const { $schema: _, ...schema } = z.toJSONSchema(row, { io: 'input', unrepresentable: 'any' });
  return schema;
}

/** What became of a row: the object it made under its singular key, or the problem it was refused with. */
export const BulkResult = (root: string, schema: z.ZodType) =>
  z
    .object({
      index: z.int().describe('Of the row in the request, from 0.'),
      status: z.enum(['ok', 'error']),
      error: z
        .looseObject({ code: z.string(), detail: z.string() })
        .nullable()
        .describe(
          'Code and detail of the problem, and its facts; the pointers of its errors lead into the request.',
        ),
    })
    .extend({ [root]: schema.nullable() }) as unknown as z.ZodType<RowResult>;

export interface RowResult {
  index: number;
  status: 'ok' | 'error';
  error: ({ code: string; detail: string } & Record<string, unknown>) | null;
  [root: string]: unknown;
}
