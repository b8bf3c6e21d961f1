import type { MailTemplate } from '../template.ts';

/** Tells the address until now that the account has another one. */
export const emailChanged: MailTemplate<{ first_name: string }> = {
  content({ company, language, data: { first_name } }) {
    return {
      en: {
        subject: `Your e-mail address at ${company} was changed`,
        parts: [
          `Hello ${first_name},`,
          'Your account has a new e-mail address; this one is no longer used.',
          'If it was not you, write to the organiser at once.',
        ],
      },
      es: {
        subject: `Su correo en ${company} ha cambiado`,
        parts: [
          `Hola, ${first_name}:`,
          'Su cuenta tiene una dirección de correo nueva; esta ya no se usa.',
          'Si no ha sido usted, escriba al organizador cuanto antes.',
        ],
      },
      pt: {
        subject: `O seu e-mail em ${company} foi alterado`,
        parts: [
          `Olá, ${first_name}:`,
          'A sua conta tem um novo endereço de e-mail; este já não é usado.',
          'Se não foi você, escreva ao organizador o quanto antes.',
        ],
      },
    }[language];
  },
};
