import type { DemoEvent } from './event.ts';
import { SLUGS } from './main-events.ts';

const FLOOR = { name: { en: 'Entry', es: 'Entrada', pt: 'Entrada' }, sections: ['Floor'] };

/** Its places are bought through the API when the demo company is made: it is really sold out. */
export const soldOut: DemoEvent = {
  slug: SLUGS.sold_out,
  name: {
    en: 'An Evening with the Night Owls',
    es: 'Una noche con los Búhos',
    pt: 'Uma noite com as Corujas',
  },
  description: {
    en: 'Jazz after midnight, on forty square metres.',
    es: 'Jazz después de medianoche, en cuarenta metros cuadrados.',
    pt: 'Jazz depois da meia-noite, em quarenta metros quadrados.',
  },
  category: 'concert',
  venue: 'club',
  map: 'small_club',
  seating: 'general',
  status: 'published',
  starts: { weeks: 14, weekday: 4, time: '23:00' },
  hours: 3,
  interfaces: [{ index: 0 }, { index: 1 }],
  popularity: 800,
  ticket_types: [{ ...FLOOR, price: 12_000 }],
  gates: ['Door'],
};

export const draft: DemoEvent = {
  slug: 'winter-opera-gala',
  name: { en: 'Winter Opera Gala', es: 'Gala de ópera de invierno', pt: 'Gala de ópera de inverno' },
  description: {
    en: 'Not announced yet.',
    es: 'Aún no anunciado.',
    pt: 'Ainda não anunciado.',
  },
  category: 'opera',
  venue: 'theatre',
  map: 'theatre',
  seating: 'seated',
  status: 'draft',
  starts: { weeks: 32, weekday: 6, time: '19:30' },
  hours: 3,
  interfaces: [{ index: 0 }, { index: 1 }],
  popularity: 0,
  ticket_types: [
    { name: { en: 'Stalls', es: 'Platea', pt: 'Plateia' }, price: 60_000, sections: ['Stalls'] },
  ],
};

export const cancelled: DemoEvent = {
  slug: 'comedy-night',
  name: { en: 'Comedy Night', es: 'Noche de humor', pt: 'Noite de comédia' },
  description: {
    en: 'Cancelled: the comedian lost his voice.',
    es: 'Cancelado: el humorista perdió la voz.',
    pt: 'Cancelado: o comediante perdeu a voz.',
  },
  category: 'comedy',
  venue: 'club',
  map: 'club',
  seating: 'general',
  status: 'cancelled',
  starts: { weeks: 15, weekday: 3, time: '20:30' },
  hours: 2,
  interfaces: [{ index: 0 }, { index: 1 }],
  popularity: 50,
  ticket_types: [{ ...FLOOR, price: 10_000 }],
};

/** Sold by the partner alone: for every other interface it does not exist. */
export const partnerOnly: DemoEvent = {
  slug: 'harbour-cinema-night',
  name: { en: 'Harbour Cinema Night', es: 'Noche de cine en el puerto', pt: 'Noite de cinema no porto' },
  description: {
    en: 'Classics on a sail, with the ships for a backdrop.',
    es: 'Clásicos sobre una vela, con los barcos de fondo.',
    pt: 'Clássicos numa vela, com os navios ao fundo.',
  },
  category: 'cinema',
  venue: 'abroad',
  map: 'pier',
  seating: 'general',
  status: 'published',
  starts: { weeks: 19, weekday: 7, time: '21:30' },
  hours: 3,
  interfaces: [{ index: 2 }],
  popularity: 200,
  ticket_types: [{ ...FLOOR, price: 9_000 }],
};

/** In such demand that buyers queue for it: POST /events/:event_id/queue. */
export const queuedFor: DemoEvent = {
  slug: 'unplugged-at-the-club',
  name: { en: 'Unplugged at the Club', es: 'Desenchufados en el club', pt: 'Desplugados no clube' },
  description: {
    en: 'A stadium band in front of three hundred.',
    es: 'Una banda de estadios ante trescientas personas.',
    pt: 'Uma banda de estádios diante de trezentas pessoas.',
  },
  category: 'concert',
  venue: 'club',
  map: 'club',
  seating: 'general',
  status: 'published',
  starts: { weeks: 22, weekday: 5, time: '21:00' },
  hours: 2,
  interfaces: [{ index: 0 }, { index: 1 }],
  popularity: 100,
  ticket_types: [{ ...FLOOR, price: 15_000 }],
  queue: { inflow: 60, max_inside: 100, pass_seconds: 600 },
};
