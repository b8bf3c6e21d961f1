import { z } from 'zod';

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/**
 * The schema of an answer as JSON must match it: no key that it does not name, instants as text with milliseconds.
 * Keys of open objects (facts, whatever a job made) stay free.
 */
export function strict(schema: z.core.$ZodType): z.ZodType {
  const { def } = schema._zod as unknown as { def: Definition };
  switch (def.type) {
    case 'object': {
      const shape = Object.fromEntries(Object.entries(def.shape).map(([key, inner]) => [key, strict(inner)]));
      return def.catchall && def.catchall._zod.def.type !== 'never'
        ? z.looseObject(shape)
        : z.strictObject(shape);
    }
    case 'array':
      return z.array(strict(def.element));
    case 'nullable':
      return strict(def.innerType).nullable();
    case 'optional':
      return strict(def.innerType).optional();
    case 'union':
      return z.union(def.options.map(strict));
    case 'date':
      return z.string().regex(ISO);
    default:
      return schema as z.ZodType;
  }
}

type Inner = z.core.$ZodType;
type Definition =
  | { type: 'object'; shape: Record<string, Inner>; catchall?: Inner }
  | { type: 'array'; element: Inner }
  | { type: 'nullable' | 'optional'; innerType: Inner }
  | { type: 'union'; options: Inner[] }
  | { type: 'date' | 'string' };
