import { statement } from '../../../db/client.ts';
import type { Language } from '../../../errors.ts';
import type { System } from '../../../system.ts';
import { isPrintable } from '../../tickets/pdf.ts';
import { qrPng } from '../../tickets/qr-image.ts';
import type { TicketRow } from '../../tickets/row.ts';
import { sheetsOf } from '../../tickets/sheet.ts';
import { momentIn } from '../../tickets/words.ts';
import type { MailTemplate } from '../template.ts';
import { livePart, ticketFiles } from './tickets.ts';

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
  async content({ company_id, company, language, data }, system) {
    const { first_name, event, starts_at, time_zone } = data;
    const [sheet] = await sheetsIn(system, company_id, data.ticket_id, language);
    const live = sheet?.code === null;
    const shown = livePart(sheet ? [sheet] : [], language);
    const when = momentIn(time_zone, language, new Date(starts_at));
    return {
      en: {
        subject: `Your invitation: ${event}`,
        parts: [
          `Hello ${first_name},`,
          `${company} invites you.${live ? '' : ' Your ticket is attached: show its code at the door.'}`,
          { rows: rows(['Event', event], ['When', when]) },
          ...shown,
        ],
      },
      es: {
        subject: `Su invitación: ${event}`,
        parts: [
          `Hola, ${first_name}:`,
          `${company} le invita.${live ? '' : ' Su entrada va adjunta: muestre el código en la puerta.'}`,
          { rows: rows(['Evento', event], ['Cuándo', when]) },
          ...shown,
        ],
      },
      pt: {
        subject: `O seu convite: ${event}`,
        parts: [
          `Olá, ${first_name}:`,
          `${company} convida você.${live ? '' : ' O seu ingresso está em anexo: mostre o código na entrada.'}`,
          { rows: rows(['Evento', event], ['Quando', when]) },
          ...shown,
        ],
      },
    }[language];
  },

  async attachments(system, { company_id, language, data: { ticket_id } }) {
    const sheets = await sheetsIn(system, company_id, ticket_id, language);
    const pictures = await Promise.all(
      sheets.filter(isPrintable).map(async ({ code }) => ({
        ...{ filename: 'ticket.png', contentType: 'image/png', content: await qrPng(code) },
      })),
    );
    return [...pictures, ...(await ticketFiles(sheets, language))];
  },
};

const sheetsIn = async (system: System, company_id: number, ticket_id: string, language: Language) =>
  sheetsOf(system, await system.db.query<TicketRow>(TICKET, [company_id, ticket_id]), language);

const rows = (...facts: [string, string][]): [string, string][] => facts;
