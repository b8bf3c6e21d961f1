import { statement } from '../../../db/client.ts';
import type { Language } from '../../../errors.ts';
import type { System } from '../../../system.ts';
import { ticketCalendar } from '../../tickets/calendar.ts';
import { type Mailed, type MailedWhy, mailedTickets } from '../../tickets/mail.ts';
import { isPrintable, ticketsPdf } from '../../tickets/pdf.ts';
import { type Sheet, sheetsOf } from '../../tickets/sheet.ts';
import { momentIn, moneyIn } from '../../tickets/words.ts';
import type { Attachment, Letter, MailTemplate, Part } from '../template.ts';

interface Order {
  id: string;
  first_name: string | null;
  total: number;
  currency: string;
}

const ORDER = statement(
  'mail_tickets_order',
  'SELECT id, first_name, total, currency FROM cart WHERE company_id = $1 AND id = $2',
);

/** Tickets for whoever carries them: as a PDF, a page each, and their dates for a calendar. */
export const tickets: MailTemplate<Mailed> = {
  async content(letter, system) {
    const { company_id, company, language, data } = letter;
    const sheets = await sheetsIn(system, letter);
    const [first] = sheets;
    if (!first) return undefined;
    const words = WORDS[language];
    const events = new Set(sheets.map(({ event_id }) => event_id));
    const why = 'why' in data ? words.why[data.why] : words.bought;
    const [order] = 'cart_id' in data ? await system.db.query<Order>(ORDER, [company_id, data.cart_id]) : [];
    return {
      subject: events.size === 1 ? words.subject(first.event) : words.subjectOfMany(company),
      parts: [
        words.hello(order?.first_name ?? null),
        why,
        ...[...events].map((id) =>
          eventPart(
            sheets.filter(({ event_id }) => event_id === id),
            language,
          ),
        ),
        ...(order ? [orderPart(order, language)] : []),
        ...(sheets.some(isPrintable) ? [words.attached] : []),
        ...livePart(sheets, language),
      ],
    };
  },

  async attachments(system, letter) {
    return ticketFiles(await sheetsIn(system, letter), letter.language);
  },
};

const sheetsIn = async (system: System, { company_id, language, data }: Letter<Mailed>): Promise<Sheet[]> =>
  sheetsOf(system, await mailedTickets(system.db, company_id, data), language);

/** Tickets as files that go with a mail: no page for those whose codes rotate. */
export async function ticketFiles(sheets: readonly Sheet[], language: Language): Promise<Attachment[]> {
  if (!sheets.length) return [];
  const printable = sheets.filter(isPrintable);
  const dates = {
    ...{ filename: 'dates.ics', contentType: 'text/calendar; charset=utf-8' },
    content: Buffer.from(ticketCalendar(sheets)),
  };
  if (!printable.length) return [dates];
  const content = await ticketsPdf(printable, language);
  return [{ filename: 'tickets.pdf', contentType: 'application/pdf', content }, dates];
}

function eventPart(sheets: readonly Sheet[], language: Language): Part {
  const { event, starts_at, time_zone, venue } = sheets[0] as Sheet;
  const words = WORDS[language];
  const places = sheets.flatMap(({ place }) => place ?? []);
  return {
    rows: [
      [words.event, event],
      [words.when, momentIn(time_zone, language, starts_at)],
      ...(venue.length ? [[words.where, venue.join(', ')] satisfies [string, string]] : []),
      [words.tickets, [sheets.length, ...new Set(places)].join(' · ')],
    ],
  };
}

function orderPart({ id, total, currency }: Order, language: Language): Part {
  const words = WORDS[language];
  return {
    rows: [
      [words.order, id],
      [words.total, moneyIn(language, total, currency)],
    ],
  };
}

/** Where codes rotate: what is said, and for each ticket the page that shows its code. */
export const livePart = (sheets: readonly Sheet[], language: Language): Part[] => {
  const live = sheets.flatMap(({ live_url, place, holder, event }) =>
    live_url === null
      ? []
      : [{ link: live_url, label: [SHOW[language], holder ?? event, place].filter(Boolean).join(' · ') }],
  );
  return live.length ? [ROTATING[language], ...live] : [];
};

const SHOW: Record<Language, string> = { en: 'Show code', es: 'Mostrar código', pt: 'Mostrar código' };

/** What is said where codes rotate. */
const ROTATING: Record<Language, string> = {
  en: 'The code changes every few seconds: show it live on your phone. A picture of it lets nobody in.',
  es: 'El código cambia cada pocos segundos: muéstrelo en vivo en el móvil. Con una foto no entra nadie.',
  pt: 'O código muda a cada poucos segundos: mostre-o ao vivo no telemóvel. Com uma foto ninguém entra.',
};

interface Words {
  subject(event: string): string;
  subjectOfMany(company: string): string;
  hello(name: string | null): string;
  bought: string;
  why: Record<MailedWhy, string>;
  attached: string;
  event: string;
  when: string;
  where: string;
  tickets: string;
  order: string;
  total: string;
}

const WORDS: Record<Language, Words> = {
  en: {
    subject: (event) => `Your tickets: ${event}`,
    subjectOfMany: (company) => `Your tickets from ${company}`,
    hello: (name) => (name ? `Hello ${name},` : 'Hello,'),
    bought: 'Thank you for your order. It is paid, and these are your tickets.',
    why: {
      exchange:
        'Your exchange is done. What you gave back is worth nothing any more; these are your new tickets.',
      transfer: 'The ticket is yours now, under a new code. The old one is worth nothing any more.',
      reissue: 'Your ticket has a new code. Every earlier one is worth nothing any more.',
      rotating:
        'The codes of this event change every few seconds from now on. What was printed or saved lets nobody in any more.',
    },
    attached: 'The tickets are attached, one a page. Show the code at the door, on paper or on your phone.',
    ...{ event: 'Event', when: 'When', where: 'Where', tickets: 'Tickets', order: 'Order', total: 'Total' },
  },
  es: {
    subject: (event) => `Sus entradas: ${event}`,
    subjectOfMany: (company) => `Sus entradas de ${company}`,
    hello: (name) => (name ? `Hola, ${name}:` : 'Hola:'),
    bought: 'Gracias por su compra. Está pagada, y estas son sus entradas.',
    why: {
      exchange: 'El cambio está hecho. Lo que devolvió ya no vale; estas son sus nuevas entradas.',
      transfer: 'La entrada ya es suya, con un código nuevo. El anterior ya no vale.',
      reissue: 'Su entrada tiene un código nuevo. Los anteriores ya no valen.',
      rotating:
        'Los códigos de este evento cambian desde ahora cada pocos segundos. Lo impreso o guardado ya no da acceso.',
    },
    attached:
      'Las entradas van adjuntas, una por página. Muestre el código en la puerta, en papel o en el móvil.',
    ...{
      event: 'Evento',
      when: 'Cuándo',
      where: 'Dónde',
      tickets: 'Entradas',
      order: 'Pedido',
      total: 'Total',
    },
  },
  pt: {
    subject: (event) => `Os seus bilhetes: ${event}`,
    subjectOfMany: (company) => `Os seus bilhetes de ${company}`,
    hello: (name) => (name ? `Olá, ${name}:` : 'Olá:'),
    bought: 'Obrigado pela sua compra. Está paga, e estes são os seus bilhetes.',
    why: {
      exchange: 'A troca está feita. O que devolveu já não vale; estes são os seus novos bilhetes.',
      transfer: 'O bilhete agora é seu, com um novo código. O anterior já não vale.',
      reissue: 'O seu bilhete tem um novo código. Os anteriores já não valem.',
      rotating:
        'Os códigos deste evento passam a mudar a cada poucos segundos. O que foi impresso ou guardado já não dá entrada.',
    },
    attached:
      'Os bilhetes vão em anexo, um por página. Mostre o código na entrada, em papel ou no telemóvel.',
    ...{
      event: 'Evento',
      when: 'Quando',
      where: 'Onde',
      tickets: 'Bilhetes',
      order: 'Pedido',
      total: 'Total',
    },
  },
};
