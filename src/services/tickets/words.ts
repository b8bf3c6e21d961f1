import type { Language } from '../../errors.ts';

/** The few words that stand on a ticket. */
export interface TicketWords {
  doors: string;
  seat: string;
  holder: string;
  ticket: string;
  when: string;
  where: string;
  once: string;
}

export const TICKET_WORDS: Record<Language, TicketWords> = {
  en: {
    doors: 'Doors',
    seat: 'Place',
    holder: 'Holder',
    ticket: 'Ticket',
    when: 'When',
    where: 'Where',
    once: 'The code lets one person in. Whoever has a copy of it can use it: show it to nobody but the door.',
  },
  es: {
    doors: 'Puertas',
    seat: 'Localidad',
    holder: 'Titular',
    ticket: 'Entrada',
    when: 'Cuándo',
    where: 'Dónde',
    once: 'El código da acceso a una persona. Quien tenga una copia puede usarlo: muéstrelo solo en la puerta.',
  },
  pt: {
    doors: 'Portas',
    seat: 'Lugar',
    holder: 'Titular',
    ticket: 'Bilhete',
    when: 'Quando',
    where: 'Onde',
    once: 'O código dá entrada a uma pessoa. Quem tiver uma cópia pode usá-lo: mostre-o apenas na porta.',
  },
};

export const LOCALES: Record<Language, string> = { en: 'en-GB', es: 'es', pt: 'pt' };

/** An amount of minor units as people write it: `€53.50`. */
export function moneyIn(language: Language, amount: number, currency: string): string {
  const format = new Intl.NumberFormat(LOCALES[language], { style: 'currency', currency });
  const digits = format.resolvedOptions().maximumFractionDigits as number;
  return format.format(amount / 10 ** digits);
}

/** A moment as people write it: `Friday, 4 December 2026 at 20:00`. */
export const momentIn = (time_zone: string, language: Language, at: Date): string =>
  new Intl.DateTimeFormat(LOCALES[language], {
    dateStyle: 'full',
    timeStyle: 'short',
    timeZone: time_zone,
  }).format(at);

/** `20:00` */
export const timeIn = (time_zone: string, language: Language, at: Date): string =>
  new Intl.DateTimeFormat(LOCALES[language], { timeStyle: 'short', timeZone: time_zone }).format(at);
