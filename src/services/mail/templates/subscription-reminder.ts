import type { MailTemplate } from '../template.ts';

/** Tells a subscriber that a period ends, and whether it is renewed. */
export const subscriptionReminder: MailTemplate<{
  first_name: string;
  plan: string;
  /** Day, as ISO 8601. */
  ends_on: string;
  renews: boolean;
}> = {
  content({ language, data: { first_name, plan, ends_on, renews } }) {
    return {
      en: {
        subject: renews ? `${plan} will be renewed` : `${plan} ends soon`,
        parts: [
          `Hello ${first_name},`,
          renews
            ? `${plan} is renewed on ${ends_on}, from the card that you left for it.`
            : `${plan} ends on ${ends_on}. To keep it, renew it before then.`,
        ],
      },
      es: {
        subject: renews ? `${plan} se renovará` : `${plan} termina pronto`,
        parts: [
          `Hola, ${first_name}:`,
          renews
            ? `${plan} se renueva el ${ends_on}, con la tarjeta que dejó para ello.`
            : `${plan} termina el ${ends_on}. Para conservarlo, renuévelo antes.`,
        ],
      },
      pt: {
        subject: renews ? `${plan} será renovado` : `${plan} termina em breve`,
        parts: [
          `Olá, ${first_name}:`,
          renews
            ? `${plan} é renovado em ${ends_on}, com o cartão que deixou para isso.`
            : `${plan} termina em ${ends_on}. Para mantê-lo, renove antes.`,
        ],
      },
    }[language];
  },
};
