import type { MailTemplate } from '../template.ts';

/** Tells a subscriber that a renewal could not be paid, and until when it still can. */
export const subscriptionUnpaid: MailTemplate<{
  first_name: string;
  plan: string;
  /** Day, as ISO 8601. */
  until: string;
}> = {
  content({ language, data: { first_name, plan, until } }) {
    return {
      en: {
        subject: `${plan}: the renewal could not be paid`,
        parts: [
          `Hello ${first_name},`,
          `${plan} could not be renewed: no card, or one that was declined.`,
          `It stays good until ${until}. Leave another card or pay the renewal by then.`,
        ],
      },
      es: {
        subject: `${plan}: no se pudo pagar la renovación`,
        parts: [
          `Hola, ${first_name}:`,
          `No se pudo renovar ${plan}: falta una tarjeta, o fue rechazada.`,
          `Sigue siendo válido hasta el ${until}. Deje otra tarjeta o pague la renovación antes.`,
        ],
      },
      pt: {
        subject: `${plan}: não foi possível pagar a renovação`,
        parts: [
          `Olá, ${first_name}:`,
          `Não foi possível renovar ${plan}: falta um cartão, ou foi recusado.`,
          `Continua válido até ${until}. Deixe outro cartão ou pague a renovação antes.`,
        ],
      },
    }[language];
  },
};
