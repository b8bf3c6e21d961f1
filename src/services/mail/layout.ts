import { escapeHtml } from '../../text/escape.ts';
import type { Content, Part } from './template.ts';

/** The same words twice: for people's programs that show HTML, and for those that do not. */
export interface Written {
  text: string;
  html: string;
}

/** Writes the content of a mail as plain text and as HTML. */
export const layOut = (content: Content, company: string, language: string): Written => ({
  text: `${content.parts.map(asText).join('\n\n')}\n\n-- \n${company}\n`,
  html: `<!doctype html>
<html lang="${language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(content.subject)}</title></head>
<body style="margin:0;padding:24px;background:#f4f4f5;color:#18181b;font:16px/1.5 system-ui,sans-serif">
<div style="max-width:560px;margin:0 auto;padding:24px;background:#fff;border-radius:8px">
${content.parts.map(asHtml).join('\n')}
</div>
<p style="max-width:560px;margin:16px auto;color:#71717a;font-size:13px">${escapeHtml(company)}</p>
</body>
</html>
`,
});

function asText(part: Part): string {
  if (typeof part === 'string') return part;
  if ('code' in part) return `    ${part.code}`;
  if ('rows' in part) return part.rows.map(([name, value]) => `${name}: ${value}`).join('\n');
  return `${part.label}: ${part.link}`;
}

function asHtml(part: Part): string {
  if (typeof part === 'string') return `<p>${escapeHtml(part)}</p>`;
  if ('code' in part)
    return `<p style="font:600 22px/1.4 ui-monospace,monospace;letter-spacing:1px;overflow-wrap:anywhere">${escapeHtml(part.code)}</p>`;
  if ('rows' in part)
    return `<table style="border-collapse:collapse">${part.rows.map(asRow).join('')}</table>`;
  return `<p><a href="${escapeHtml(part.link)}">${escapeHtml(part.label)}</a></p>`;
}

const asRow = ([name, value]: [string, string]): string =>
  `<tr><td style="padding:2px 16px 2px 0;color:#71717a">${escapeHtml(name)}</td><td>${escapeHtml(value)}</td></tr>`;
