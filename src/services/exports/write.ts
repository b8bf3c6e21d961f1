import { stringify } from 'csv-stringify/sync';
import { escapeXml } from '../../text/escape.ts';
import type { Cell, Row } from './resources.ts';

/** Rows of one sheet of a workbook: Excel takes 1,048,576. */
export const SHEET_ROWS = 1_000_000;

/** Where a piece of a file stands in it. */
export interface Place {
  columns: readonly string[];
  /** Rows before this piece. */
  before: number;
}

/** Writes a piece of a file: all pieces one after the other are the file (of a workbook: of its sheets). */
export type WriteRows = (rows: readonly Row[], place: Place) => string;

/** What a spreadsheet would take for a formula (OWASP, CSV injection): behind a quotation mark it is text. */
const FORMULA = /^[\s\uFEFF]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20\t\r]/;

/** Text as it is shown, and never run. Numbers are numbers, negative ones too. */
const plain = (cell: Cell | undefined): string | number | null => {
  if (cell === null || cell === undefined) return null;
  if (typeof cell === 'number') return cell;
  if (cell instanceof Date) return cell.toISOString();
  if (typeof cell === 'boolean') return String(cell);
  return FORMULA.test(cell) ? `'${cell}` : cell;
};

/** RFC 4180: lines end with CRLF. */
export const csvRows: WriteRows = (rows, { columns, before }) => {
  const lines = rows.map((row) => columns.map((name) => plain(row[name])));
  return stringify(before ? lines : [[...columns], ...lines], { record_delimiter: 'windows' });
};

/** The rows of an array, whose brackets are put around it elsewhere. */
export const jsonRows: WriteRows = (rows, { columns, before }) => {
  const objects = rows.map((row) =>
    JSON.stringify(Object.fromEntries(columns.map((name) => [name, row[name] ?? null]))),
  );
  return objects.length ? `${before ? ',\n' : ''}${objects.join(',\n')}` : '';
};

/** Rows of a sheet (SpreadsheetML). Text is marked as such, so that no program takes it for a formula. */
export const sheetRows: WriteRows = (rows, { columns, before }) => {
  const lines: string[] = [];
  let number = before % SHEET_ROWS;
  if (number === 0) lines.push(sheetRow(1, columns));
  for (const row of rows)
    lines.push(
      sheetRow(
        ++number + 1,
        columns.map((name) => row[name] ?? null),
      ),
    );
  return lines.join('');
};

const sheetRow = (number: number, cells: readonly Cell[]): string =>
  `<row r="${number}">${cells.map((cell, i) => sheetCell(`${columnName(i)}${number}`, cell)).join('')}</row>`;

function sheetCell(at: string, cell: Cell): string {
  if (cell === null || cell === '') return '';
  if (typeof cell === 'number') return `<c r="${at}"><v>${cell}</v></c>`;
  if (typeof cell === 'boolean') return `<c r="${at}" t="b"><v>${Number(cell)}</v></c>`;
  if (cell instanceof Date) return `<c r="${at}" s="1"><v>${serial(cell)}</v></c>`;
  return `<c r="${at}" t="inlineStr"><is><t xml:space="preserve">${escapeXml(cell)}</t></is></c>`;
}

/** A, B, …, Z, AA, … */
const columnName = (index: number): string =>
  (index >= 26 ? columnName(Math.floor(index / 26) - 1) : '') + String.fromCharCode(65 + (index % 26));

/** Days since the end of 1899, as spreadsheets count; UTC. */
const serial = (date: Date): number => date.getTime() / 86_400_000 + 25_569;
