import type { MailTemplate } from '../template.ts';

/** Lets the owner of an address choose a new password. */
export const passwordReset: MailTemplate<{ first_name: string; code: string; minutes: number }> = {
  content({ company, language, data: { first_name, code, minutes } }) {
    return {
      en: {
        subject: `A new password for ${company}`,
        parts: [
          `Hello ${first_name},`,
          'Somebody, hopefully you, asked for a new password. Choose one with this code:',
          { code },
          `It is good once and for ${minutes} minutes. If it was not you, your password stays as it is.`,
        ],
      },
      es: {
        subject: `Una contraseña nueva para ${company}`,
        parts: [
          `Hola, ${first_name}:`,
          'Alguien, esperamos que usted, ha pedido una contraseña nueva. Elíjala con este código:',
          { code },
          `Vale una sola vez y durante ${minutes} minutos. Si no ha sido usted, su contraseña sigue igual.`,
        ],
      },
      pt: {
        subject: `Uma nova senha para ${company}`,
        parts: [
          `Olá, ${first_name}:`,
          'Alguém, esperamos que você, pediu uma nova senha. Escolha-a com este código:',
          { code },
          `Ele vale uma única vez e por ${minutes} minutos. Se não foi você, a sua senha continua a mesma.`,
        ],
      },
    }[language];
  },
};
