/** Code → id. Written once per code and never changed: addresses and venues point at these ids. */
export type IdTable = Readonly<Record<string, number>>;

/**
 * Gives an id to every code that has none; ids already given never move, and those of vanished codes are never reused.
 *
 * @param table what was given so far
 * @param codes every current code; new ones are numbered in alphabetical order
 * @param pinned ids decided beforehand; they count only for codes without an id
 * @returns the whole table, ordered by id
 * @throws Error if a pinned id belongs to another code
 */
export function extendIds(table: IdTable, codes: Iterable<string>, pinned: IdTable = {}): IdTable {
  const ids = new Map(Object.entries(table));
  const missing = [...new Set(codes)].filter((code) => !ids.has(code)).sort();
  let next = Math.max(0, ...ids.values()) + 1;
  const taken = new Set(ids.values());
  for (const code of missing) {
    const id = pinned[code];
    if (id === undefined) continue;
    if (taken.has(id)) throw new Error(`The id ${id} pinned for ${code} belongs to another code.`);
    ids.set(code, id);
    taken.add(id);
  }
  for (const code of missing) {
    if (ids.has(code)) continue;
    while (taken.has(next)) next++;
    ids.set(code, next++);
  }
  return Object.fromEntries([...ids].sort(([, a], [, b]) => a - b));
}

/**
 * @returns the id of a code
 * @throws Error if it has none: the data package has grown since the table was last authored
 */
export function idOf(table: IdTable, code: string): number {
  const id = table[code];
  if (id === undefined) throw new Error(`${code} has no id: run tsx prisma/seed/reference/author-ids.ts`);
  return id;
}
