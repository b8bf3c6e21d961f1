import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { serializerOf } from '../../src/hooks/serialize.ts';

/** Every form of value that answers have. */
const Everything = z.object({
  id: z.int(),
  price: z.number(),
  name: z.string(),
  on: z.boolean(),
  at: z.date(),
  paid_at: z.date().nullable(),
  status: z.enum(['open', 'paid']),
  kind: z.literal('ticket'),
  result: z.literal(['accepted', 1, null]),
  note: z.string().nullable(),
  remaining: z.int().optional(),
  seat: z.object({ id: z.int(), label: z.string().nullable() }).nullable(),
  lines: z.array(z.object({ total: z.int(), at: z.date() })),
  ids: z.array(z.int()).nullable(),
  counts: z.record(z.string(), z.int()),
  by_day: z.record(z.string(), z.object({ at: z.date() })),
  value: z.union([z.string(), z.int()]),
  choice: z.discriminatedUnion('of', [
    z.object({ of: z.literal('seat'), seat_id: z.int() }),
    z.object({ of: z.literal('time'), at: z.date() }),
  ]),
  point: z.tuple([z.int(), z.int()]),
  seats: z.array(z.tuple([z.int(), z.string()])),
  data: z.json(),
  more: z.unknown(),
  loose: z.looseObject({ id: z.int() }),
});

const text = fc.string({ unit: 'binary' });
const whole = fc.integer();
const moment = fc.date({ noInvalidDate: true });
const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
// "__proto__" as a key of an object literal is no key at all; "toJSON" of a value would be called.
const key = fc.string({ minLength: 1 }).filter((name) => !['__proto__', 'toJSON'].includes(name));
const tuple = <A, B>(a: fc.Arbitrary<A>, b: fc.Arbitrary<B>) => fc.tuple(a, b);

const everything: fc.Arbitrary<z.output<typeof Everything>> = fc.record({
  id: whole,
  price: fc.double({ noNaN: true, noDefaultInfinity: true }),
  name: text,
  on: fc.boolean(),
  at: moment,
  paid_at: orNull(moment),
  status: fc.constantFrom('open', 'paid'),
  kind: fc.constant('ticket'),
  result: fc.constantFrom('accepted' as const, 1 as const, null),
  note: orNull(text),
  remaining: fc.option(whole, { nil: undefined }) as fc.Arbitrary<number>,
  seat: orNull(fc.record({ id: whole, label: orNull(text) })),
  lines: fc.array(fc.record({ total: whole, at: moment })),
  ids: orNull(fc.array(whole)),
  counts: fc.dictionary(key, whole),
  by_day: fc.dictionary(key, fc.record({ at: moment })),
  value: fc.oneof(text, whole),
  choice: fc.oneof(
    fc.record({ of: fc.constant('seat' as const), seat_id: whole }),
    fc.record({ of: fc.constant('time' as const), at: moment }),
  ),
  point: tuple(whole, whole),
  seats: fc.array(tuple(whole, text)),
  data: fc.jsonValue() as fc.Arbitrary<z.core.util.JSONType>,
  more: fc.jsonValue(),
  loose: fc.record({ id: whole, other: text }),
});

describe('the serializer', () => {
  const serialize = serializerOf(Everything);

  it('writes what JSON.stringify writes, byte for byte', () => {
    fc.assert(
      fc.property(everything, (value) => {
        expect(serialize(value)).toBe(JSON.stringify(value));
      }),
    );
  });

  it('writes a replayed answer, whose dates are text, the same', () => {
    fc.assert(
      fc.property(everything, (value) => {
        const stored = JSON.stringify(value);
        expect(serialize(JSON.parse(stored))).toBe(stored);
      }),
    );
  });

  it('drops what the schema does not name, at any depth', () => {
    const Cart = z.object({
      id: z.int(),
      buyer: z.object({ name: z.string() }).nullable(),
      lines: z.array(
        z.discriminatedUnion('of', [z.object({ of: z.literal('seat') }), z.object({ of: z.literal('ga') })]),
      ),
    });
    const secret = { password_hash: 'x' };
    const value = { id: 1, buyer: { name: 'A', ...secret }, lines: [{ of: 'ga', ...secret }], ...secret };
    expect(serializerOf(Cart)(value)).toBe('{"id":1,"buyer":{"name":"A"},"lines":[{"of":"ga"}]}');
  });

  it('treats named schemas like any other', () => {
    const Named = z.object({ id: z.int() }).meta({ id: 'SerializerTestObject' });
    expect(serializerOf(z.object({ a: Named, b: Named.nullable() }))({ a: { id: 1 }, b: null })).toBe(
      '{"a":{"id":1},"b":null}',
    );
  });

  it('makes the code of one shape once', () => {
    const Named = z.object({ id: z.int() });
    expect(serializerOf(z.object({ thing: Named }))).toBe(serializerOf(z.object({ thing: Named })));
  });

  it('rather leaves a field out than fails', () => {
    expect(serializerOf(z.object({ id: z.int(), name: z.string() }))({ id: 1 })).toBe('{"id":1}');
  });
});
