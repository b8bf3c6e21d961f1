import type { MailTemplate } from '../template.ts';

/** Tells the holder of a season that the place is kept for the next one, and until when. */
export const seasonRenewal: MailTemplate<{
  first_name: string;
  plan: string;
  /** The season that follows. */
  next: string;
  /** Day, as ISO 8601. */
  until: string;
  renews: boolean;
}> = {
  content({ language, data: { first_name, plan, next, until, renews } }) {
    return {
      en: {
        subject: `${next}: your place is kept until ${until}`,
        parts: [
          `Hello ${first_name},`,
          `Your place of ${plan} is kept for you for ${next} until ${until}. After that it is on sale.`,
          renews
            ? 'You have nothing to do: it is renewed before then, from the card that you left for it.'
            : 'Renew it before then to keep your place.',
        ],
      },
      es: {
        subject: `${next}: su lugar está reservado hasta el ${until}`,
        parts: [
          `Hola, ${first_name}:`,
          `Su lugar de ${plan} está reservado para ${next} hasta el ${until}. Después se pondrá a la venta.`,
          renews
            ? 'No tiene que hacer nada: se renovará antes, con la tarjeta que dejó para ello.'
            : 'Renuévelo antes para conservar su lugar.',
        ],
      },
      pt: {
        subject: `${next}: o seu lugar está reservado até ${until}`,
        parts: [
          `Olá, ${first_name}:`,
          `O seu lugar de ${plan} está reservado para ${next} até ${until}. Depois será posto à venda.`,
          renews
            ? 'Não precisa fazer nada: será renovado antes, com o cartão que deixou para isso.'
            : 'Renove antes para manter o seu lugar.',
        ],
      },
    }[language];
  },
};
