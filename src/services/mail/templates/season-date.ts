import type { Language } from '../../../errors.ts';
import type { MailTemplate } from '../template.ts';

/** Tells the holder of a season of a date that it has gained. Instants are text: they wait in the database. */
export const seasonDate: MailTemplate<{
  first_name: string;
  plan: string;
  event: string;
  starts_at: string;
  time_zone: string;
  place: string;
  tickets: number;
}> = {
  content({ language, data: { first_name, plan, event, starts_at, time_zone, place, tickets } }) {
    const when = new Intl.DateTimeFormat(LOCALES[language], {
      ...{ dateStyle: 'full', timeStyle: 'short', timeZone: time_zone },
    }).format(new Date(starts_at));
    return {
      en: {
        subject: `${plan}: ${event} is included`,
        parts: [
          `Hello ${first_name},`,
          `${plan} has a new date. Your ticket is in your account: you have nothing to pay or to do.`,
          { rows: rows(['Event', event], ['When', when], ['Place', place], ['Tickets', String(tickets)]) },
        ],
      },
      es: {
        subject: `${plan}: ${event} está incluido`,
        parts: [
          `Hola, ${first_name}:`,
          `${plan} tiene una fecha nueva. Su entrada está en su cuenta: no tiene que pagar ni hacer nada.`,
          {
            rows: rows(['Evento', event], ['Cuándo', when], ['Lugar', place], ['Entradas', String(tickets)]),
          },
        ],
      },
      pt: {
        subject: `${plan}: ${event} está incluído`,
        parts: [
          `Olá, ${first_name}:`,
          `${plan} tem uma nova data. O seu ingresso está na sua conta: não precisa pagar nem fazer nada.`,
          {
            rows: rows(['Evento', event], ['Quando', when], ['Lugar', place], ['Ingressos', String(tickets)]),
          },
        ],
      },
    }[language];
  },
};

const LOCALES: Record<Language, string> = { en: 'en-GB', es: 'es', pt: 'pt' };

const rows = (...facts: [string, string][]): [string, string][] => facts;
