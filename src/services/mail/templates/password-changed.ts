import type { MailTemplate } from '../template.ts';

/** Warns the owner of an account whose password is another one now. */
export const passwordChanged: MailTemplate<{ first_name: string }> = {
  content({ company, language, data: { first_name } }) {
    return {
      en: {
        subject: `Your password for ${company} was changed`,
        parts: [
          `Hello ${first_name},`,
          'Your password was changed, and all other sessions were signed out.',
          'If it was not you, ask for a new password at once.',
        ],
      },
      es: {
        subject: `Su contraseña para ${company} ha cambiado`,
        parts: [
          `Hola, ${first_name}:`,
          'Su contraseña ha cambiado y las demás sesiones se han cerrado.',
          'Si no ha sido usted, pida una contraseña nueva cuanto antes.',
        ],
      },
      pt: {
        subject: `A sua senha para ${company} foi alterada`,
        parts: [
          `Olá, ${first_name}:`,
          'A sua senha foi alterada e as outras sessões foram encerradas.',
          'Se não foi você, peça uma nova senha o quanto antes.',
        ],
      },
    }[language];
  },
};
