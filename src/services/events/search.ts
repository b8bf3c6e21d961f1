/**
 * Text as `q` compares it: lower case, without accents, single spaces. What writes `event.search_text` and what reads
 * it both go through here.
 */
export const searchable = (text: string): string =>
  text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().replace(/\s+/g, ' ').trim();

/** The same, of SQL text: for what is searched without a column of its own. */
export const searchableSql = (text: string): string =>
  `lower(regexp_replace(normalize(${text}, NFD), U&'[\\0300-\\036F]', '', 'g'))`;

/** LIKE patterns of a query: every word must be found somewhere. */
export const searchPatterns = (query: string): string[] =>
  searchable(query)
    .split(' ')
    .filter(Boolean)
    .map((word) => `%${word.replace(/[\\%_]/g, '\\$&')}%`);
