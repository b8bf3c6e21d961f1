import fastJson from 'fast-json-stringify';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';

type Serialize = (payload: unknown) => string;

/** The parts of JSON Schema (draft 7) that decide how a value is written. */
interface Shape {
  type?: string | string[];
  format?: string;
  nullable?: boolean;
  properties?: Record<string, Shape>;
  additionalProperties?: Shape | boolean;
  items?: Shape | Shape[];
  anyOf?: Shape[];
  oneOf?: Shape[];
  allOf?: Shape[];
  $ref?: string;
  $defs?: Record<string, Shape>;
  definitions?: Record<string, Shape>;
}

/** Anything at all: written by JSON.stringify. */
const ANY: Shape = {};

// Many routes answer with one object: its code is made once a process.
const compiled = new Map<string, Serialize>();

/** Answers are written by code generated at boot from their schemas, which drops every field the schema lacks. */
export function serialization(app: FastifyInstance): void {
  app.setSerializerCompiler(({ schema }) => serializerOf(schema as unknown as z.ZodType));
}

/**
 * Generates the function that writes values of a schema exactly as JSON.stringify would. It trusts types: a field of
 * another type than declared comes out wrong rather than fails, so tests parse every answer with its schema.
 */
export function serializerOf(schema: z.ZodType): Serialize {
  const json = z.toJSONSchema(schema, {
    io: 'output',
    target: 'draft-7',
    unrepresentable: 'any',
    metadata: z.registry(), // none: an id would make a reference of every object
    override: ({ zodSchema, jsonSchema }) => {
      // A replayed answer has its dates as strings already: date-time writes both.
      if (zodSchema._zod.def.type === 'date')
        Object.assign(jsonSchema, { type: 'string', format: 'date-time' });
    },
  });
  const shape = shapeOf(json as Shape);
  const text = JSON.stringify(shape);
  let serialize = compiled.get(text);
  if (!serialize) {
    serialize = fastJson(shape as fastJson.Schema) as Serialize;
    compiled.set(text, serialize);
  }
  return serialize;
}

/** Keeps what matters for writing. What is left has no unions, which would be decided by validating at run time. */
function shapeOf(json: Shape): Shape {
  const { type, format, properties, additionalProperties, items, $ref } = json;
  const branches = json.anyOf ?? json.oneOf ?? json.allOf;
  const definitions = json.definitions ?? json.$defs;
  const rest = definitions && { definitions: mapValues(definitions, shapeOf) };
  if ($ref) return { $ref, ...rest };
  if (branches) return { ...unionOf(branches), ...rest };
  switch (type) {
    case 'object':
      return {
        type,
        ...(properties && { properties: mapValues(properties, shapeOf) }),
        additionalProperties:
          typeof additionalProperties === 'object'
            ? shapeOf(additionalProperties)
            : (additionalProperties ?? false),
        ...rest,
      };
    case 'array':
      return items && !Array.isArray(items) ? { type, items: shapeOf(items) } : ANY;
    case 'string':
      return format === 'date-time' ? { type, format } : { type };
    case 'integer':
    case 'number':
    case 'boolean':
    case 'null':
      return { type };
    default:
      return ANY;
  }
}

function unionOf(branches: Shape[]): Shape {
  const shapes = branches.filter(({ type }) => type !== 'null').map(shapeOf);
  const nullable = shapes.length < branches.length;
  const shape = shapes.reduce(merge, shapes[0] ?? { type: 'null' });
  return nullable && shape !== ANY ? { ...shape, nullable } : shape;
}

/** One shape for either of two: of objects the fields of both, so that undeclared ones are dropped all the same. */
function merge(a: Shape, b: Shape): Shape {
  if (JSON.stringify(a) === JSON.stringify(b)) return a;
  if (a.type !== 'object' || b.type !== 'object') return ANY;
  const properties = { ...a.properties };
  for (const [name, shape] of Object.entries(b.properties ?? {})) {
    properties[name] = properties[name] ? merge(properties[name], shape) : shape;
  }
  const additionalProperties = a.additionalProperties || b.additionalProperties ? ANY : false;
  const nullable = a.nullable || b.nullable;
  return { type: 'object', properties, additionalProperties, ...(nullable && { nullable }) };
}

const mapValues = (record: Record<string, Shape>, map: (shape: Shape) => Shape): Record<string, Shape> =>
  Object.fromEntries(Object.entries(record).map(([name, shape]) => [name, map(shape)]));
