import { hash } from 'node:crypto';
import { type Language, notFound, PROBLEMS, type ProblemCode } from '../../errors.ts';
import { escapeHtml } from '../../text/escape.ts';
import { EXPLANATIONS } from './explanations.ts';

const STYLE = `
body { font: 1rem/1.6 system-ui, sans-serif; max-width: 44rem; margin: 3rem auto; padding: 0 1.25rem; color: #1a1a1a }
h1 { font-size: 1.6rem; line-height: 1.25 }
code { font: 0.95em ui-monospace, monospace; background: #f0f0f0; padding: 0.1em 0.3em; border-radius: 3px }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: 0.4rem 0.75rem 0.4rem 0; border-bottom: 1px solid #ddd; vertical-align: top }
a { color: #0b5cad }
@media (prefers-color-scheme: dark) {
  body { background: #16181b; color: #e6e6e6 } code { background: #2a2d31 } a { color: #7db8f5 }
  th, td { border-color: #3a3d42 }
}`;

/** What Content-Security-Policy names the pages' only style by. */
export const STYLE_SOURCE = `'sha256-${hash('sha256', STYLE, 'base64')}'`;

const CODES = Object.keys(PROBLEMS) as ProblemCode[];

/**
 * The page that the `type` of a problem leads to.
 * @throws AppError not_found for a code that is none
 */
export function problemPage(code: string, language: Language): string {
  if (!isCode(code)) throw notFound('Problem');
  const { status, title } = PROBLEMS[code];
  return page(
    title[language],
    language,
    `<p><code>${code}</code>, HTTP status ${status}</p>
<p lang="en">${prose(EXPLANATIONS[code])}</p>
<p lang="en"><a href="../problems">All problems</a></p>`,
  );
}

/** Every problem this server can tell of. */
export function problemList(language: Language): string {
  const rows = CODES.map(
    (
      code,
    ) => `<tr><td>${PROBLEMS[code].status}</td><td><a href="problems/${code}"><code>${code}</code></a></td>
<td>${escapeHtml(PROBLEMS[code].title[language])}</td></tr>`,
  );
  return page('Problems', 'en', `<table>${rows.join('\n')}</table>`);
}

const isCode = (code: string): code is ProblemCode => Object.hasOwn(PROBLEMS, code);

function page(title: string, language: string, content: string): string {
  return `<!doctype html>
<html lang="${language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(title)}</title>
<style>${STYLE}</style></head>
<body><main><h1>${escapeHtml(title)}</h1>
${content}
</main></body>
</html>
`;
}

/** Text in which \`backticks\` mark code. */
const prose = (text: string): string => escapeHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>');
