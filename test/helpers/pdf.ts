import { PDFiumLibrary } from '@hyzyla/pdfium';
import jsqr from 'jsqr';

/** The library bears one start only in a process, and its end is that of the process. */
let library: Promise<PDFiumLibrary> | undefined;

/** A page as a person and a scanner read it. */
export interface ReadPage {
  text: string;
  code: string | undefined;
}

/**
 * What a person and a scanner read on each page of a PDF. Reading keeps the process from answering: what is to be asked
 * of a server is asked for first.
 */
export async function readPdf(bytes: Buffer): Promise<ReadPage[]> {
  library ??= PDFiumLibrary.init();
  const document = await (await library).loadDocument(bytes);
  const pages: ReadPage[] = [];
  for (const page of document.pages()) {
    const text = page.getText();
    const { data, width, height } = await page.render({ scale: 2, render: 'bitmap' });
    pages.push({ text, code: jsqr.default(new Uint8ClampedArray(data), width, height)?.data });
  }
  document.destroy();
  return pages;
}
