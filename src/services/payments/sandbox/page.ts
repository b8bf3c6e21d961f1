import { escapeHtml } from '../../../text/escape.ts';
import type { ChargeRow } from './charges.ts';

/** Asks the buyer of a simulated card for a decision. */
export const actionPage = (charge: ChargeRow): string =>
  page(
    'Confirm your payment',
    `<p>${money(charge)}</p>
    <form method="post" action="/payments/sandbox/${charge.id}">
      <button name="decision" value="approve">Approve</button>
      <button name="decision" value="decline">Decline</button>
    </form>`,
  );

/** Tells what became of it, and leads back to the shop. */
export const decidedPage = (charge: ChargeRow): string =>
  page(
    charge.status === 'declined' ? 'Payment declined' : 'Payment approved',
    `<p>${money(charge)}</p>${
      charge.return_url === null
        ? ''
        : `<p><a href="${escapeHtml(charge.return_url)}">Return to the shop</a></p>`
    }`,
  );

function money({ amount, currency }: ChargeRow): string {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return escapeHtml(format.format(amount / 10 ** digits));
}

const page = (title: string, content: string): string => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>${title}</title>
    <style>
      body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 24rem; margin: 15vh auto; padding: 0 1rem; }
      p { font-size: 1.6rem; }
      a { font-size: 1.1rem; }
      button { font: inherit; padding: 0.5rem 1.5rem; margin-right: 0.5rem; cursor: pointer; }
    </style>
  </head>
  <body>
    <main>
      <h1>${title}</h1>
      ${content}
      <small>Sandbox: no money is moved.</small>
    </main>
  </body>
</html>
`;
