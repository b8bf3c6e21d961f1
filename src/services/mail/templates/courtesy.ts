import { statement } from '../../../db/client.ts';
import { qrPng } from '../../tickets/qr-image.ts';
import type { TicketRow } from '../../tickets/row.ts';
import { sheetsOf } from '../../tickets/sheet.ts';
import { momentIn } from '../../tickets/words.ts';
import type { MailTemplate } from '../template.ts';
import { ticketFiles } from './tickets.ts';

/** Instants are text: they wait in the database. */
interface Invitation {
  first_name: string;
  event: string;
  starts_at: string;
  time_zone: string;
  ticket_id: string;
}

// One that its guest has passed on is another's to carry.
const TICKET = statement(
  'mail_courtesy_ticket',
  `SELECT t.* FROM ticket t JOIN courtesy k ON k.company_id = t.company_id AND k.id = t.courtesy_id
   WHERE t.company_id = $1 AND t.id = $2 AND t.user_id IS NOT DISTINCT FROM k.user_id`,
);

/** A free ticket for its guest: the code as a picture, the page to print, the date. One that was revoked meanwhile goes without. */
export const courtesy: MailTemplate<Invitation> = {
  content({ company, language, data: { first_name, event, starts_at, time_zone } }) {
    const when = momentIn(time_zone, language, new Date(starts_at));
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

  async attachments(system, { company_id, language, data: { ticket_id } }) {
    const rows = await system.db.query<TicketRow>(TICKET, [company_id, ticket_id]);
    const sheets = await sheetsOf(system, rows, language);
    const [sheet] = sheets;
    if (!sheet) return [];
    const picture = { filename: 'ticket.png', contentType: 'image/png', content: await qrPng(sheet.code) };
    return [picture, ...(await ticketFiles(sheets, language))];
  },
};

const rows = (...facts: [string, string][]): [string, string][] => facts;
