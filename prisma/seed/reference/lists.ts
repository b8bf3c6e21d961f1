import type { NamedRow, PaymentMethodRow } from './types.ts';

/** Papers a buyer or holder can be identified by. National names (DNI, RUT, cédula, CPF) fall under these. */
export const documentTypes: readonly NamedRow[] = [
  {
    code: 'national_id',
    name: { en: 'National ID', es: 'Documento de identidad', pt: 'Documento de identidade' },
  },
  { code: 'passport', name: { en: 'Passport', es: 'Pasaporte', pt: 'Passaporte' } },
  { code: 'tax_id', name: { en: 'Tax ID', es: 'Identificación tributaria', pt: 'Identificação fiscal' } },
  {
    code: 'driver_license',
    name: { en: 'Driver license', es: 'Licencia de conducir', pt: 'Carteira de motorista' },
  },
  {
    code: 'residence_permit',
    name: { en: 'Residence permit', es: 'Permiso de residencia', pt: 'Autorização de residência' },
  },
  {
    code: 'birth_certificate',
    name: { en: 'Birth certificate', es: 'Certificado de nacimiento', pt: 'Certidão de nascimento' },
  },
  { code: 'student_id', name: { en: 'Student ID', es: 'Carné de estudiante', pt: 'Carteira de estudante' } },
  { code: 'other', name: { en: 'Other document', es: 'Otro documento', pt: 'Outro documento' } },
];

/** Ways to pay: what only a box office can vouch for needs `sell`. */
export const paymentMethods: readonly PaymentMethodRow[] = [
  { code: 'free', name: { en: 'Free', es: 'Gratis', pt: 'Grátis' }, scopes: ['buy', 'sell'] },
  { code: 'card', name: { en: 'Card', es: 'Tarjeta', pt: 'Cartão' }, scopes: ['buy', 'sell'] },
  { code: 'cash', name: { en: 'Cash', es: 'Efectivo', pt: 'Dinheiro' }, scopes: ['sell'] },
  {
    code: 'external',
    name: { en: 'External payment', es: 'Pago externo', pt: 'Pagamento externo' },
    scopes: ['sell'],
  },
];

/** The event categories a company starts with. */
export const categories: readonly NamedRow[] = [
  { code: 'concert', name: { en: 'Concerts', es: 'Conciertos', pt: 'Shows' } },
  { code: 'festival', name: { en: 'Festivals', es: 'Festivales', pt: 'Festivais' } },
  { code: 'theatre', name: { en: 'Theatre', es: 'Teatro', pt: 'Teatro' } },
  { code: 'musical', name: { en: 'Musicals', es: 'Musicales', pt: 'Musicais' } },
  { code: 'opera', name: { en: 'Opera', es: 'Ópera', pt: 'Ópera' } },
  { code: 'dance', name: { en: 'Dance', es: 'Danza', pt: 'Dança' } },
  { code: 'comedy', name: { en: 'Comedy', es: 'Humor', pt: 'Comédia' } },
  { code: 'circus', name: { en: 'Circus', es: 'Circo', pt: 'Circo' } },
  { code: 'cinema', name: { en: 'Cinema', es: 'Cine', pt: 'Cinema' } },
  { code: 'sport', name: { en: 'Sports', es: 'Deportes', pt: 'Esportes' } },
  { code: 'family', name: { en: 'Family', es: 'Familia', pt: 'Família' } },
  { code: 'exhibition', name: { en: 'Exhibitions', es: 'Exposiciones', pt: 'Exposições' } },
  { code: 'conference', name: { en: 'Conferences', es: 'Conferencias', pt: 'Conferências' } },
  { code: 'other', name: { en: 'Other', es: 'Otros', pt: 'Outros' } },
];
