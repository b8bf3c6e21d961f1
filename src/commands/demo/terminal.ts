import { styleText } from 'node:util';

type Style = 'bold' | 'dim' | 'green' | 'red' | 'cyan';

/** Colour where somebody looks, plain text where it goes into a file. */
const style = (format: Style, text: string): string =>
  process.stdout.isTTY ? styleText(format, text) : text;

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

/** A step of the story, numbered by its caller. */
export const chapter = (number: number, title: string): void =>
  print(`\n${style('bold', `${number}. ${title}`)}`);

/** A request and the status it was answered with. */
export const exchange = (method: string, path: string, status: number): void =>
  print(`   ${style('cyan', `${method} ${path}`)}  ${style(status < 400 ? 'green' : 'red', String(status))}`);

/** The essential of an answer. */
export const told = (text: string): void => print(`   ${text}`);

export const aside = (text: string): void => print(style('dim', `   ${text}`));

/** Something drawn, line by line. */
export const drawing = (text: string): void => print(text.trimEnd().replace(/^/gm, '   '));

export const success = (text: string): void => print(`\n${style('green', text)}`);

/** An amount in minor units, as people write it. */
export function amount(minor: number, currency: string): string {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency, currencyDisplay: 'code' });
  return format.format(minor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}
