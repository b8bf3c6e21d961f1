const LONG = 'x'.repeat(10_000);

/** More levels than anybody means, fewer than a parser minds. */
const deep = (levels: number): unknown => {
  let value: unknown = 'x';
  for (let i = 0; i < levels; i++) value = { a: [value] };
  return value;
};

const TEXTS = [1, -1, 1.5, true, {}, ['x'], '', ' ', LONG, 'a\0b', 'a\ud800b', deep(500)];
const NUMBERS = ['1', true, {}, [1], -1, 0, 1.5, 2 ** 31, 2 ** 53, 1e308, deep(500)];
const FLAGS = ['true', 1, 0, {}, [true]];
const LISTS = [{}, 'x', 1, true, [], Array.from({ length: 10_000 }, () => 1), [null], [[]], deep(500)];
const OBJECTS = [1, 'x', true, [], [{}], deep(500)];

/** One field of a body with a value that it cannot have. */
export interface Odd {
  pointer: string;
  value: unknown;
  /** The whole body, as text: JSON.stringify would lose `__proto__`. */
  body: string;
}

/** `{"__proto__": …}` and the like, which JSON may hold and code must not fall for. */
const TRAPS = ['__proto__', 'constructor', 'prototype', 'toString', 'unknown_field'];

/** Every field of a valid body in turn with every value that its kind does not take, and unknown fields at each level. */
export function* oddBodies(body: object): Generator<Odd> {
  for (const { pointer, path, value } of places(body)) {
    for (const odd of oddFor(value))
      yield { pointer, value: odd, body: textWith(body, path, JSON.stringify(odd)) };
    if (isObject(value))
      for (const trap of TRAPS) {
        const inner = JSON.stringify(value).replace(
          /^\{/,
          `{${JSON.stringify(trap)}:{"x":1}${emptyOr(value)}`,
        );
        yield { pointer: `${pointer}/${trap}`, value: trap, body: textWith(body, path, inner) };
      }
  }
}

const emptyOr = (value: object) => (Object.keys(value).length ? ',' : '');

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function oddFor(value: unknown): readonly unknown[] {
  if (typeof value === 'string') return [null, ...TEXTS];
  if (typeof value === 'number') return [null, ...NUMBERS];
  if (typeof value === 'boolean') return [null, ...FLAGS];
  if (Array.isArray(value)) return [null, ...LISTS];
  return [null, ...OBJECTS];
}

interface Place {
  pointer: string;
  path: readonly (string | number)[];
  value: unknown;
}

/** The body itself and all that is in it. */
function* places(value: unknown, path: readonly (string | number)[] = []): Generator<Place> {
  yield { pointer: path.map((key) => `/${key}`).join(''), path, value };
  if (Array.isArray(value)) for (const [i, inner] of value.entries()) yield* places(inner, [...path, i]);
  else if (isObject(value))
    for (const [key, inner] of Object.entries(value)) yield* places(inner, [...path, key]);
}

/** The body as JSON with other JSON at one place. */
function textWith(body: unknown, [key, ...rest]: readonly (string | number)[], text: string): string {
  if (key === undefined) return text;
  if (Array.isArray(body))
    return `[${body.map((inner, i) => (i === key ? textWith(inner, rest, text) : JSON.stringify(inner)))}]`;
  const fields = Object.entries(body as object).map(
    ([name, inner]) =>
      `${JSON.stringify(name)}:${name === key ? textWith(inner, rest, text) : JSON.stringify(inner)}`,
  );
  return `{${fields}}`;
}
