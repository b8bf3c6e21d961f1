import { statement } from '../../../db/client.ts';
import type { Language } from '../../../errors.ts';
import { qrPng } from '../../tickets/qr-image.ts';
import { claimsOf, isLive, type TicketRow } from '../../tickets/row.ts';
import type { MailTemplate } from '../template.ts';

/** Instants are text: they wait in the database. */
interface Invitation {
  first_name: string;
  event: string;
  starts_at: string;
  time_zone: string;
  ticket_id: string;
}

const TICKET = statement(
  'mail_courtesy_ticket',
  'SELECT t.* FROM ticket t WHERE t.company_id = $1 AND t.id = $2',
);

/** A free ticket for its guest, with the code as a picture. One that was revoked meanwhile goes without. */
export const courtesy: MailTemplate<Invitation> = {
  content({ company, language, data: { first_name, event, starts_at, time_zone } }) {
    const when = new Intl.DateTimeFormat(LOCALES[language], {
      ...{ dateStyle: 'full', timeStyle: 'short', timeZone: time_zone },
    }).format(new Date(starts_at));
    return {
      en: {
        subject: `Your invitation: ${event}`,
        parts: [
          `Hello ${first_name},`,
          `${company} invites you. Your ticket is attached: show its code at the door.`,
          { rows: rows(['Event', event], ['When', when]) },
        ],
      },
      es: {
        subject: `Su invitación: ${event}`,
        parts: [
          `Hola, ${first_name}:`,
          `${company} le invita. Su entrada va adjunta: muestre el código en la puerta.`,
          { rows: rows(['Evento', event], ['Cuándo', when]) },
        ],
      },
      pt: {
        subject: `O seu convite: ${event}`,
        parts: [
          `Olá, ${first_name}:`,
          `${company} convida você. O seu ingresso está em anexo: mostre o código na entrada.`,
          { rows: rows(['Evento', event], ['Quando', when]) },
        ],
      },
    }[language];
  },

  async attachments(system, { company_id, data: { ticket_id } }) {
    const [ticket] = await system.db.query<TicketRow>(TICKET, [company_id, ticket_id]);
    if (!ticket || !isLive(ticket)) return [];
    const sign = await system.ticketKeys.signer(company_id);
    const content = await qrPng(await sign(claimsOf(ticket)));
    return [{ filename: 'ticket.png', contentType: 'image/png', content }];
  },
};

const LOCALES: Record<Language, string> = { en: 'en-GB', es: 'es', pt: 'pt' };

const rows = (...facts: [string, string][]): [string, string][] => facts;
