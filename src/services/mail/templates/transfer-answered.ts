import type { MailTemplate } from '../template.ts';

/** Tells who offered a ticket what became of it. */
export const transferAnswered: MailTemplate<{
  event: string;
  /** The address that it was offered to. */
  email: string;
  accepted: boolean;
}> = {
  content({ language, data: { event, email, accepted } }) {
    return {
      en: {
        subject: accepted ? `Your ticket was taken: ${event}` : `Your ticket is still yours: ${event}`,
        parts: [
          accepted
            ? `${email} has accepted your ticket for ${event}. Your code for it is worth nothing any more.`
            : `${email} has declined your ticket for ${event}. It stays yours, and its code is good.`,
        ],
      },
      es: {
        subject: accepted ? `Su entrada fue aceptada: ${event}` : `Su entrada sigue siendo suya: ${event}`,
        parts: [
          accepted
            ? `${email} ha aceptado su entrada para ${event}. El código que usted tenía ya no vale.`
            : `${email} ha rechazado su entrada para ${event}. Sigue siendo suya, y su código vale.`,
        ],
      },
      pt: {
        subject: accepted ? `O seu bilhete foi aceite: ${event}` : `O seu bilhete continua seu: ${event}`,
        parts: [
          accepted
            ? `${email} aceitou o seu bilhete para ${event}. O código que tinha já não vale.`
            : `${email} recusou o seu bilhete para ${event}. Continua seu, e o código vale.`,
        ],
      },
    }[language];
  },
};
