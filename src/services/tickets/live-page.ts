import type { Language } from '../../errors.ts';
import type { System } from '../../system.ts';
import { escapeHtml } from '../../text/escape.ts';
import { ticketOfLink } from './live-link.ts';
import { qrSvg } from './qr-image.ts';
import { changesAfter } from './rotation.ts';
import { claimsOf } from './row.ts';
import { sheetOfTicket } from './sheet.ts';
import { momentIn, TICKET_WORDS } from './words.ts';

const LIVE: Record<Language, string> = {
  en: 'This code changes every few seconds. Show this page at the door: a picture of it lets nobody in.',
  es: 'Este código cambia cada pocos segundos. Muestre esta página en la puerta: con una foto no entra nadie.',
  pt: 'Este código muda a cada poucos segundos. Mostre esta página na porta: com uma foto ninguém entra.',
};

/**
 * The page that shows the code of a ticket as it is now, and asks for itself again when the code changes. It needs no
 * script.
 * @param pass what the link ends with
 * @returns HTML
 * @throws AppError not_found for a link that is none, or whose code was replaced or no longer admits
 */
export async function showLiveCode(system: System, pass: string, language: Language): Promise<string> {
  const ticket = await ticketOfLink(system, pass);
  const sheet = await sheetOfTicket(system, ticket, language);
  const now = new Date();
  const sign = await system.ticketKeys.signer(ticket.company_id);
  const rotates = sheet.code === null;
  const code = sign(claimsOf(ticket), rotates ? now : undefined);
  const picture = await qrSvg(code, { title: sheet.event });
  const words = TICKET_WORDS[language];
  const facts: [string, string | null][] = [
    [words.when, momentIn(sheet.time_zone, language, sheet.starts_at)],
    [words.where, sheet.venue.join(', ') || null],
    [words.ticket, sheet.type],
    [words.seat, sheet.place],
    [words.holder, sheet.holder],
  ];
  const seconds = Math.ceil((changesAfter(now).getTime() - now.getTime()) / 1_000);
  return page({
    language,
    title: sheet.event,
    refresh: rotates ? `<meta http-equiv="refresh" content="${seconds}">` : '',
    content: `${picture}
      <p>${rotates ? LIVE[language] : words.once}</p>
      <dl>${facts.map(([name, value]) => (value === null ? '' : `<dt>${name}</dt><dd>${escapeHtml(value)}</dd>`)).join('')}</dl>`,
  });
}

interface Page {
  language: Language;
  title: string;
  refresh: string;
  content: string;
}

const page = ({ language, title, refresh, content }: Page): string => `<!doctype html>
<html lang="${language}">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="robots" content="noindex">
    ${refresh}
    <title>${escapeHtml(title)}</title>
    <style>
      :root { color-scheme: light dark; }
      body { font: 1rem/1.5 system-ui, sans-serif; max-width: 24rem; margin: 1rem auto; padding: 0 1rem; }
      h1 { font-size: 1.3rem; line-height: 1.25; overflow-wrap: anywhere; }
      svg { display: block; width: 100%; border-radius: 0.75rem; background: #fff; }
      dt { font-size: 0.8rem; opacity: 0.7; }
      dd { margin: 0 0 0.5rem; font-weight: 600; overflow-wrap: anywhere; }
    </style>
  </head>
  <body>
    <main>
      <h1>${escapeHtml(title)}</h1>
      ${content}
    </main>
  </body>
</html>
`;
