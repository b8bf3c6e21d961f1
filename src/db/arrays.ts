/**
 * Array parameters as PostgreSQL reads them. Set-based statements take a column an array, thousands of elements a second:
 * the driver escapes each of them by regular expressions, and writes dates in local time.
 * @returns the same values, flat arrays of text, numbers, booleans, dates and nulls as array literals; what else there is
 *   (bytes, objects, nested arrays) is left to the driver
 */
export const withArrayLiterals = (values: readonly unknown[]): unknown[] =>
  values.map((value) => (Array.isArray(value) ? (literalOf(value) ?? value) : value));

function literalOf(elements: readonly unknown[]): string | undefined {
  let literal = '';
  for (const element of elements) {
    const text = textOf(element);
    if (text === undefined) return undefined;
    literal += literal ? `,${text}` : text;
  }
  return `{${literal}}`;
}

function textOf(element: unknown): string | undefined {
  if (element === null || element === undefined) return 'NULL';
  if (typeof element === 'string') return quoted(element);
  if (typeof element === 'number' || typeof element === 'boolean' || typeof element === 'bigint')
    return String(element);
  return element instanceof Date ? `"${element.toISOString()}"` : undefined;
}

const quoted = (text: string): string =>
  text.includes('"') || text.includes('\\')
    ? `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
    : `"${text}"`;
