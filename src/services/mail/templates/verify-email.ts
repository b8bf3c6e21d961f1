import type { MailTemplate } from '../template.ts';

/** Proves that an address is its owner's. */
export const verifyEmail: MailTemplate<{ first_name: string; code: string; minutes: number }> = {
  content({ company, language, data: { first_name, code, minutes } }) {
    return {
      en: {
        subject: `${code} is your code for ${company}`,
        parts: [
          `Hello ${first_name},`,
          'Use this code to confirm your e-mail address:',
          { code },
          `It is good for ${minutes} minutes. If you did not ask for it, you need not do anything.`,
        ],
      },
      es: {
        subject: `${code} es su código para ${company}`,
        parts: [
          `Hola, ${first_name}:`,
          'Use este código para confirmar su dirección de correo:',
          { code },
          `Vale durante ${minutes} minutos. Si no lo ha pedido, no tiene que hacer nada.`,
        ],
      },
      pt: {
        subject: `${code} é o seu código para ${company}`,
        parts: [
          `Olá, ${first_name}:`,
          'Use este código para confirmar o seu endereço de e-mail:',
          { code },
          `Ele vale por ${minutes} minutos. Se não o pediu, não precisa fazer nada.`,
        ],
      },
    }[language];
  },
};
