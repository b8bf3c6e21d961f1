import type { DemoEvent } from './event.ts';

/** The slugs of the events that the environment file names. */
export const SLUGS = {
  theatre: 'the-tempest',
  festival: 'southern-lights-festival',
  stadium: 'luna-austral-stadium-tour',
  sold_out: 'an-evening-with-the-night-owls',
} as const;

const LOWER = Array.from({ length: 24 }, (_, i) => `Lower ${101 + i}`);
const UPPER = Array.from({ length: 32 }, (_, i) => `Upper ${201 + i}`);

export const theatre: DemoEvent = {
  slug: SLUGS.theatre,
  name: { en: 'The Tempest', es: 'La tempestad', pt: 'A tempestade' },
  description: {
    en: 'Shakespeare’s last great play, with live music and a storm over the stalls.',
    es: 'La última gran obra de Shakespeare, con música en vivo y una tormenta sobre la platea.',
    pt: 'A última grande peça de Shakespeare, com música ao vivo e uma tempestade sobre a plateia.',
  },
  category: 'theatre',
  venue: 'theatre',
  map: 'theatre',
  seating: 'seated',
  status: 'published',
  starts: { weeks: 17, weekday: 6, time: '20:00' },
  hours: 3,
  interfaces: [{ index: 0 }, { index: 1 }],
  popularity: 700,
  ticket_types: [
    { name: { en: 'Stalls', es: 'Platea', pt: 'Plateia' }, price: 38_000, sections: ['Stalls'] },
    {
      name: { en: 'Stalls, under 26', es: 'Platea, menores de 26', pt: 'Plateia, menores de 26' },
      price: 22_000,
      sections: ['Stalls'],
    },
    { name: { en: 'Circle', es: 'Anfiteatro', pt: 'Balcão' }, price: 24_000, sections: ['Circle'] },
    {
      name: { en: 'Box', es: 'Palco', pt: 'Camarote' },
      price: 52_000,
      sections: ['Boxes left', 'Boxes right'],
    },
    {
      name: { en: 'Friends of the house', es: 'Amigos de la casa', pt: 'Amigos da casa' },
      price: 18_000,
      sections: ['Stalls', 'Circle'],
      hidden: true,
    },
  ],
  products: [{ name: { en: 'Programme', es: 'Programa', pt: 'Programa' }, price: 4_000 }],
  codes: [
    { code: 'WELCOME10', kind: 'percentage', value: 1_000 },
    { code: 'MINUS5000', kind: 'fixed', value: 5_000, max_uses: 500, max_uses_per_user: 5 },
    { code: 'FRIENDS', kind: 'access', unlocks: 'Friends of the house' },
  ],
  gates: ['Main entrance', 'Side entrance'],
  inner_gates: [{ name: 'Upstairs door', zone: 'Upstairs foyer' }],
};

export const festival: DemoEvent = {
  slug: SLUGS.festival,
  name: { en: 'Southern Lights Festival', es: 'Festival Luces del Sur', pt: 'Festival Luzes do Sul' },
  description: {
    en: 'Twelve hours, three stages and the Andes behind them.',
    es: 'Doce horas, tres escenarios y los Andes de fondo.',
    pt: 'Doze horas, três palcos e os Andes ao fundo.',
  },
  category: 'festival',
  venue: 'park',
  map: 'festival',
  seating: 'general',
  status: 'published',
  starts: { weeks: 21, weekday: 6, time: '12:00' },
  hours: 12,
  interfaces: [{ index: 0 }, { index: 1 }, { index: 2, extra_fee: 1_500 }],
  popularity: 900,
  ticket_types: [
    {
      name: { en: 'General', es: 'General', pt: 'Geral' },
      price: 45_000,
      sections: ['Festival ground'],
      phase: { name: 'Early bird', price: 39_000, until_sold: 500 },
    },
    {
      name: { en: 'Student', es: 'Estudiante', pt: 'Estudante' },
      price: 32_000,
      sections: ['Festival ground'],
    },
    {
      name: { en: 'Supporter', es: 'Colaborador', pt: 'Apoiador' },
      price: 60_000,
      sections: ['Festival ground'],
    },
  ],
  products: [
    { name: { en: 'Parking', es: 'Estacionamiento', pt: 'Estacionamento' }, price: 8_000, capacity: 800 },
    { name: { en: 'T-shirt', es: 'Polera', pt: 'Camiseta' }, price: 15_000, capacity: 2_000 },
  ],
  quantity_rules: [
    { name: 'Students: 4 for 3', kind: 'multi_buy', types: ['Student'], take: 4, pay: 3 },
    {
      name: 'Family',
      kind: 'bundle',
      price: 135_000,
      parts: [
        { type: 'General', quantity: 2 },
        { type: 'Student', quantity: 2 },
      ],
    },
  ],
  blocks: [
    { kind: 'kill', name: 'Behind the mixing desk', section: 'Festival ground', quantity: 60 },
    { kind: 'hold', name: 'The bands', note: 'Ask at the desk', section: 'Festival ground', quantity: 40 },
    {
      kind: 'allotment',
      name: 'Partner shops',
      section: 'Festival ground',
      quantity: 600,
      interface: 2,
      released_days_before: 14,
    },
  ],
  codes: [{ code: 'EARLY15', kind: 'percentage', value: 1_500, stackable: true }],
  gates: ['North gate', 'South gate', 'Car park'],
  inner_gates: [{ name: 'Night stage entrance', zone: 'Night stage' }],
};

export const stadium: DemoEvent = {
  slug: SLUGS.stadium,
  name: {
    en: 'Luna Austral: Stadium Tour',
    es: 'Luna Austral: gira de estadios',
    pt: 'Luna Austral: turnê nos estádios',
  },
  description: {
    en: 'The whole band, a stage of sixty metres and sixty thousand voices.',
    es: 'La banda completa, un escenario de sesenta metros y sesenta mil voces.',
    pt: 'A banda completa, um palco de sessenta metros e sessenta mil vozes.',
  },
  category: 'concert',
  venue: 'stadium',
  map: 'stadium',
  seating: 'mixed',
  status: 'published',
  starts: { weeks: 26, weekday: 5, time: '21:00' },
  hours: 4,
  interfaces: [{ index: 0 }, { index: 1 }],
  popularity: 1_000,
  ticket_types: [
    {
      name: { en: 'Lower tier', es: 'Tribuna baja', pt: 'Arquibancada inferior' },
      price: 65_000,
      sections: LOWER,
    },
    {
      name: { en: 'Upper tier', es: 'Tribuna alta', pt: 'Arquibancada superior' },
      price: 35_000,
      sections: UPPER,
    },
    {
      name: { en: 'Pitch, standing', es: 'Cancha, de pie', pt: 'Pista, em pé' },
      price: 55_000,
      sections: ['Pitch'],
    },
  ],
  orphan_rule: true,
  blocks: [
    { kind: 'house', name: 'House seats', section: 'Lower 101', row: '1', released_days_before: 1 },
    { kind: 'allotment', name: 'Box office', section: 'Pitch', quantity: 500, interface: 1, overflow: true },
  ],
  gates: ['Gate 1', 'Gate 2', 'Gate 3', 'Gate 4'],
};
