import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonCutter, type JsonPiece, type UncuttableJson } from '../../src/text/json-cutter.ts';

const PATH = ['sections', 'rows'];

/** The pieces of a text that arrives in chunks of some bytes. */
function cut(text: string, size = text.length, most = 1_000_000): JsonPiece[] {
  const cutter = new JsonCutter(PATH, most);
  const bytes = Buffer.from(text);
  const pieces: JsonPiece[] = [];
  for (let from = 0; from < bytes.length; from += size)
    pieces.push(...cutter.push(bytes.subarray(from, from + size)));
  return [...pieces, cutter.end()];
}
const shown = (pieces: JsonPiece[]) => pieces.map(({ at, json }) => `${at.join('/')} ${json}`);

/** Puts the pieces together again, as JSON.parse would have read the whole. */
function assembled(pieces: JsonPiece[]): unknown {
  const values = new Map(pieces.map(({ at, json }) => [at.join('/'), JSON.parse(json.toString())]));
  const fill = (value: Record<string, unknown>, at: number[]): unknown => {
    const list = PATH[at.length];
    if (list === undefined || !Array.isArray(value?.[list])) return value;
    value[list] = (value[list] as unknown[]).map((element, k) => {
      const piece = values.get([...at, k].join('/'));
      return element === null && piece !== undefined ? fill(piece, [...at, k]) : element;
    });
    return value;
  };
  return fill(values.get(''), []);
}

describe('a JSON text that arrives in chunks', () => {
  it('is cut at the elements of its lists, innermost first', () => {
    const text =
      '{"a": {"sections": [{"b":1}]}, "sections" : [{"rows":[ {"x":[1,{}]} ,{}], "n":"\\"]}"}, 3,\n{}], "z":0}';
    expect(shown(cut(text))).toEqual([
      '0/0 {"x":[1,{}]}',
      '0/1 {}',
      '0 {"rows":[ null ,null], "n":"\\"]}"}',
      '2 {}',
      ' {"a": {"sections": [{"b":1}]}, "sections" : [null, 3,\nnull], "z":0}',
    ]);
    for (const size of [1, 2, 3, 7]) expect(shown(cut(text, size))).toEqual(shown(cut(text)));
  });

  it.each([
    ['a list that is none', '{"sections": 5, "rows": [{}]}'],
    ['a name that is a value', '{"name": "sections", "x": [{"a":1}]}'],
    ['a name that is no field of the object', '["sections", [{}]]'],
    ['a name with escapes', '{"s\\u0065ctions": [{"a": 1}]}'],
    ['a list of lists', '{"sections": [[{"rows": [{}]}]]}'],
    ['nothing but text', '"sections"'],
  ])('is left whole where there is nothing to cut: %s', (_, text) => {
    expect(shown(cut(text))).toEqual([` ${text}`]);
  });

  it('that broke off is given as far as it came', () => {
    expect(shown(cut('{"sections": [{"rows": [{"a": 1}, {"b"'))).toEqual([
      '0/0 {"a": 1}',
      ' {"sections": [null{"rows": [null, null{"b"',
    ]);
  });

  it('cannot name a list twice, nor hold a piece larger than allowed', () => {
    const reason = (text: string, most?: number) => {
      try {
        return shown(cut(text, 4, most));
      } catch (error) {
        return (error as UncuttableJson).reason;
      }
    };
    expect(reason('{"sections": [], "sections": []}')).toBe('repeated_name');
    const text = `{"sections": [{"rows": [{"n": "${'0'.repeat(51)}"}, {"n": "1"}]}]}`;
    expect(reason(text, 60)).toHaveLength(4); // the whole text is longer, each piece is not
    expect(reason(text, 59)).toBe('piece_too_large');
  });

  it('comes out as it went in, whatever is in it and however it arrives', () => {
    const row = fc.oneof(
      fc.jsonValue(),
      fc.record({
        label: fc.string({ unit: 'binary' }),
        rows: fc.jsonValue(),
        seats: fc.array(fc.jsonValue()),
      }),
    );
    const section = fc.oneof(
      fc.jsonValue(),
      fc.record({
        name: fc.string(),
        rows: fc.oneof(fc.array(row), fc.jsonValue()),
        sections: fc.jsonValue(),
      }),
    );
    const map = fc.oneof(
      fc.jsonValue(),
      fc.record({ rows: fc.jsonValue(), sections: fc.array(section), name: fc.string() }),
    );
    fc.assert(
      fc.property(map, fc.integer({ min: 1, max: 40 }), fc.constantFrom(0, 1), (value, size, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(assembled(cut(text, size))).toEqual(JSON.parse(text));
      }),
      { numRuns: 2_000 },
    );
  });
});
