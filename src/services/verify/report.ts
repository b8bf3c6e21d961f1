import type { Finding, Verification } from './run.ts';

const ROWS_PRINTED = 5;

/** What an operator reads: a line for each check, the first offending rows under a breach, the outcome last. */
export function reportOf({ findings, as_of }: Verification): string {
  const width = Math.max(...findings.map(({ name }) => name.length));
  const broken = findings.filter(({ breaches }) => breaches > 0).length;
  const outcome = broken
    ? `${broken} of ${findings.length} checks found a breach, as of ${as_of.toISOString()}.`
    : `All ${findings.length} checks are well, as of ${as_of.toISOString()}.`;
  return `${[...findings.flatMap((finding) => linesOf(finding, width)), '', outcome].join('\n')}\n`;
}

function linesOf({ name, proves, breaches, rows }: Finding, width: number): string[] {
  if (!breaches) return [`ok      ${name.padEnd(width)}  ${proves}`];
  const shown = rows.slice(0, ROWS_PRINTED).map((row) => `          ${JSON.stringify(row)}`);
  const more = breaches - shown.length;
  return [
    `BREACH  ${name.padEnd(width)}  ${proves}`,
    `        ${breaches} ${breaches === 1 ? 'row breaks' : 'rows break'} it:`,
    ...shown,
    ...(more ? [`          and ${more} more`] : []),
  ];
}
