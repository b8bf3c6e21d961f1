import type { MailTemplate, Part } from '../template.ts';

interface Offer {
  event: string;
  /** When it starts, as people write it. */
  starts: string;
  /** How many of what, and where. */
  tickets: string;
  /** In all, with fees and taxes, as people write it. */
  total: string;
  /** Until when it is held. */
  until: string;
  /** Of the entry on the waiting list. */
  code: string;
}

/** Offers a party of a waiting list the tickets that are held for it. */
export const waitlistOffer: MailTemplate<Offer> = {
  content({ language, data: { event, starts, tickets, total, until, code } }) {
    const what: Part[] = [
      {
        rows: [
          [event, starts],
          [tickets, total],
        ],
      },
      { code },
    ];
    return {
      en: {
        subject: `Your tickets are here: ${event}`,
        parts: [
          `Tickets you waited for are held for you until ${until}. Pay for them where you joined the waiting list, with this code:`,
          ...what,
          'If you do not want them, decline: the next in line will be glad.',
        ],
      },
      es: {
        subject: `Ya hay entradas para usted: ${event}`,
        parts: [
          `Las entradas que esperaba están reservadas para usted hasta ${until}. Páguelas donde se apuntó a la lista de espera, con este código:`,
          ...what,
          'Si no las quiere, rechácelas: quien sigue en la lista se alegrará.',
        ],
      },
      pt: {
        subject: `Os seus bilhetes chegaram: ${event}`,
        parts: [
          `Os bilhetes que esperava estão reservados para você até ${until}. Pague onde entrou na lista de espera, com este código:`,
          ...what,
          'Se não os quiser, recuse: a próxima pessoa da lista agradece.',
        ],
      },
    }[language];
  },
};
