import { createRequire } from 'node:module';
import { setImmediate as others } from 'node:timers/promises';
import type PDFDocument from 'pdfkit';
import QRCode from 'qrcode';
import type { Language } from '../../errors.ts';
import type { Sheet } from './sheet.ts';
import { momentIn, TICKET_WORDS, timeIn } from './words.ts';

// The fonts of PDF itself know the letters of Western Europe only.
const font = (name: string) => createRequire(import.meta.url).resolve(`dejavu-fonts-ttf/ttf/${name}.ttf`);
const REGULAR = font('DejaVuSans');
const BOLD = font('DejaVuSans-Bold');

/** Text without pictures, which the font has none of: a ticket shows no empty boxes for them. */
const lettersOf = (text: string): string =>
  text
    .replace(/\p{RI}|\p{Emoji_Presentation}|\p{Emoji}\ufe0f|\p{Emoji_Modifier}|[\u200d\ufe0f\u20e3]/gu, '')
    .replace(/ {2,}/g, ' ')
    .trim();

/** A ticket whose code can stand on paper. */
export type PrintableSheet = Sheet & { code: string };

export const isPrintable = (sheet: Sheet): sheet is PrintableSheet => sheet.code !== null;

/** Millimetres in points. */
const mm = (length: number): number => (length * 72) / 25.4;

const MARGIN = mm(18);
const QR_SIZE = mm(62);
const GREY = '#6b7280';

/**
 * Tickets as one PDF, a page of A4 each: event, time and place, holder, and the code drawn as vectors.
 * @param sheets at least one
 */
export async function ticketsPdf(sheets: readonly PrintableSheet[], language: Language): Promise<Buffer> {
  const { default: Document } = await import('pdfkit'); // 20 MB of memory, for those who need it
  const pdf = new Document({
    size: 'A4',
    margin: MARGIN,
    autoFirstPage: false,
    font: REGULAR,
    lang: language,
    info: { Title: sheets[0]?.event ?? '', Author: sheets[0]?.company ?? '' },
  });
  const chunks: Buffer[] = [];
  const drawn = new Promise<Buffer>((resolve, reject) => {
    pdf.on('data', (chunk: Buffer) => chunks.push(chunk));
    pdf.on('end', () => resolve(Buffer.concat(chunks)));
    pdf.on('error', reject);
  });
  for (const sheet of sheets) {
    page(pdf, sheet, language);
    await others(); // a hundred pages must not keep everybody else waiting
  }
  pdf.end();
  return drawn;
}

type Pdf = InstanceType<typeof PDFDocument>;

function page(pdf: Pdf, sheet: PrintableSheet, language: Language): void {
  const words = TICKET_WORDS[language];
  const { time_zone, starts_at, doors_at } = sheet;
  pdf.addPage();
  const width = pdf.page.width - 2 * MARGIN;
  const column = width - QR_SIZE - mm(10);

  pdf.font(REGULAR).fontSize(11).fillColor(GREY).text(lettersOf(sheet.company), MARGIN, MARGIN, { width });
  pdf
    .moveDown(0.4)
    .font(BOLD)
    .fontSize(24)
    .fillColor('black')
    .text(lettersOf(sheet.event), { width, height: mm(34), ellipsis: true });
  pdf
    .moveDown(0.5)
    .font(REGULAR)
    .fontSize(13)
    .text(momentIn(time_zone, language, starts_at), { width });
  if (doors_at) {
    const at = timeIn(time_zone, language, doors_at);
    pdf.fontSize(11).fillColor(GREY).text(`${words.doors}: ${at}`, { width });
  }
  const top = pdf.y + mm(12);
  drawQr(pdf, sheet.code, MARGIN, top);

  const left = MARGIN + QR_SIZE + mm(10);
  pdf.y = top;
  const fact = (label: string, value: string | null) => {
    if (value === null) return;
    pdf.font(REGULAR).fontSize(9).fillColor(GREY).text(label, left, pdf.y, { width: column });
    pdf
      .font(BOLD)
      .fontSize(13)
      .fillColor('black')
      .text(lettersOf(value), left, pdf.y, { width: column, height: mm(20), ellipsis: true });
    pdf.moveDown(0.6);
  };
  fact(words.ticket, sheet.type);
  fact(words.seat, sheet.place);
  fact(words.holder, sheet.holder);
  pdf.font(REGULAR).fontSize(11).fillColor('black');
  for (const line of sheet.venue) pdf.text(lettersOf(line), left, pdf.y, { width: column });

  pdf
    .fontSize(9)
    .fillColor(GREY)
    .text(words.once, MARGIN, top + QR_SIZE + mm(14), { width });
  pdf.text(sheet.id, { width });
}

/** The code as filled runs of modules, with the quiet zone that readers need. */
function drawQr(pdf: Pdf, code: string, x: number, y: number): void {
  const symbol = QRCode.create([{ data: code, mode: 'alphanumeric' }], { errorCorrectionLevel: 'M' });
  const { size } = symbol.modules;
  const unit = QR_SIZE / (size + 8);
  pdf.rect(x, y, QR_SIZE, QR_SIZE).fill('white');
  for (let row = 0; row < size; row++) {
    for (let from = 0; from < size; ) {
      let to = from;
      while (to < size && symbol.modules.get(row, to)) to++;
      if (to > from) pdf.rect(x + (from + 4) * unit, y + (row + 4) * unit, (to - from) * unit, unit);
      from = to + 1;
    }
  }
  pdf.fill('black');
}
