import type { MailTemplate, Part } from '../template.ts';

interface Offer {
  code: string;
  /** The holder until now. */
  from: string | null;
  event: string;
  /** When it starts, as people write it. */
  starts: string;
  message: string | null;
}

/** Offers a ticket to somebody. */
export const ticketTransfer: MailTemplate<Offer> = {
  content({ language, data: { code, from, event, starts, message } }) {
    const what: Part[] = [{ rows: [[event, starts]] }, ...(message === null ? [] : [message]), { code }];
    return {
      en: {
        subject: `A ticket for you: ${event}`,
        parts: [
          `${from ?? 'Somebody'} wants to give you a ticket. Accept it with this code:`,
          ...what,
          'Once you accept it is yours under a new code, and the old one is worth nothing.',
        ],
      },
      es: {
        subject: `Una entrada para usted: ${event}`,
        parts: [
          `${from ?? 'Alguien'} quiere darle una entrada. Acéptela con este código:`,
          ...what,
          'Cuando la acepte será suya con un código nuevo, y el anterior ya no valdrá.',
        ],
      },
      pt: {
        subject: `Um bilhete para você: ${event}`,
        parts: [
          `${from ?? 'Alguém'} quer dar-lhe um bilhete. Aceite-o com este código:`,
          ...what,
          'Ao aceitar, ele será seu com um novo código, e o anterior deixará de valer.',
        ],
      },
    }[language];
  },
};
