const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

// What XML 1.0 section 2.2 does not allow in a document at all, escaped or not.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this looks for
const FORBIDDEN = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|\p{Surrogate}/gu;

/** Text as it can stand in HTML, between tags or in a quoted attribute. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => ENTITIES[character] as string);

/** The same in XML, SVG say: characters that it cannot hold at all are left out. */
export const escapeXml = (text: string): string => escapeHtml(text.replace(FORBIDDEN, ''));
