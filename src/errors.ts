/**
 * Everything a client can be told has gone wrong: the stable `code`, the HTTP status and the title in each language.
 * Nobody builds a status by hand; code throws `new AppError(code, detail, facts)` and hooks/problem.ts renders it
 * as application/problem+json (RFC 9457).
 */
export const PROBLEMS = {
  invalid_request: problem(400, 'Malformed request', 'Solicitud mal formada', 'Pedido malformado'),
  invalid_interface: problem(
    400,
    'Malformed X-Interface',
    'X-Interface mal formado',
    'X-Interface malformado',
  ),
  unauthorized: problem(
    401,
    'Access token required',
    'Se requiere un token de acceso',
    'Token de acesso necessário',
  ),
  invalid_token: problem(
    401,
    'Invalid access token',
    'Token de acceso no válido',
    'Token de acesso inválido',
  ),
  invalid_signature: problem(401, 'Invalid signature', 'Firma no válida', 'Assinatura inválida'),
  payment_declined: problem(402, 'Payment declined', 'Pago rechazado', 'Pagamento recusado'),
  insufficient_scope: problem(403, 'Insufficient scope', 'Permisos insuficientes', 'Escopo insuficiente'),
  interface_not_allowed: problem(
    403,
    'Interface not allowed',
    'Interfaz no permitida',
    'Interface não permitida',
  ),
  user_required: problem(
    403,
    'A user token is required',
    'Se requiere un usuario',
    'É necessário um usuário',
  ),
  wrong_password: problem(403, 'Wrong password', 'Contraseña incorrecta', 'Senha incorreta'),
  not_found: problem(404, 'Not found', 'No encontrado', 'Não encontrado'),
  method_not_allowed: problem(405, 'Method not allowed', 'Método no permitido', 'Método não permitido'),
  not_acceptable: problem(406, 'Not acceptable', 'No aceptable', 'Não aceitável'),
  request_timeout: problem(408, 'Request timed out', 'Tiempo de espera agotado', 'Tempo esgotado'),
  conflict: problem(409, 'Conflict', 'Conflicto', 'Conflito'),
  seats_unavailable: problem(409, 'Seats unavailable', 'Asientos no disponibles', 'Assentos indisponíveis'),
  sold_out: problem(409, 'Sold out', 'Agotado', 'Esgotado'),
  not_on_sale: problem(409, 'Not on sale', 'Fuera de venta', 'Fora de venda'),
  queue_required: problem(409, 'Queue first', 'Primero la fila', 'Entre na fila primeiro'),
  cart_expired: problem(409, 'Cart expired', 'Carrito caducado', 'Carrinho expirado'),
  cart_not_open: problem(409, 'Cart not open', 'El carrito no está abierto', 'O carrinho não está aberto'),
  cart_empty: problem(409, 'Cart is empty', 'El carrito está vacío', 'O carrinho está vazio'),
  limit_exceeded: problem(409, 'Limit exceeded', 'Límite superado', 'Limite excedido'),
  orphan_seat: problem(
    409,
    'A single seat would be left',
    'Quedaría un asiento suelto',
    'Ficaria um assento isolado',
  ),
  companion_seat: problem(
    409,
    'A companion sits beside an accessible seat',
    'Un acompañante se sienta junto a un asiento accesible',
    'O acompanhante senta-se ao lado de um assento acessível',
  ),
  code_not_applicable: problem(409, 'Code not applicable', 'Código no aplicable', 'Código não aplicável'),
  amount_mismatch: problem(409, 'Amount does not match', 'El importe no coincide', 'O valor não confere'),
  refund_exceeds_paid: problem(
    409,
    'Refund exceeds what was paid',
    'El reembolso supera lo pagado',
    'Reembolso maior que o pago',
  ),
  holder_locked: problem(
    409,
    'Holder can no longer change',
    'El titular ya no puede cambiar',
    'O titular não pode mais mudar',
  ),
  email_taken: problem(409, 'E-mail already registered', 'Correo ya registrado', 'E-mail já cadastrado'),
  idempotency_in_progress: problem(
    409,
    'Same key still in progress',
    'Misma clave en curso',
    'Mesma chave em andamento',
  ),
  precondition_failed: problem(
    412,
    'Precondition failed',
    'Condición previa incumplida',
    'Pré-condição falhou',
  ),
  payload_too_large: problem(413, 'Payload too large', 'Cuerpo demasiado grande', 'Corpo grande demais'),
  uri_too_long: problem(414, 'Address too long', 'Dirección demasiado larga', 'Endereço longo demais'),
  unsupported_media_type: problem(
    415,
    'Unsupported media type',
    'Tipo de contenido no admitido',
    'Tipo de conteúdo não suportado',
  ),
  validation_failed: problem(422, 'Validation failed', 'Validación fallida', 'Validação falhou'),
  unknown_field: problem(422, 'Unknown field', 'Campo desconocido', 'Campo desconhecido'),
  idempotency_key_reused: problem(
    422,
    'Idempotency key reused',
    'Clave de idempotencia reutilizada',
    'Chave de idempotência reutilizada',
  ),
  rate_limited: problem(
    429,
    'Rate limit reached',
    'Límite de solicitudes alcanzado',
    'Limite de pedidos atingido',
  ),
  headers_too_large: problem(
    431,
    'Headers too large',
    'Cabeceras demasiado grandes',
    'Cabeçalhos grandes demais',
  ),
  internal_error: problem(500, 'Internal error', 'Error interno', 'Erro interno'),
  not_implemented: problem(501, 'Not available here', 'No disponible aquí', 'Não disponível aqui'),
  service_unavailable: problem(503, 'Service unavailable', 'Servicio no disponible', 'Serviço indisponível'),
} as const satisfies Record<string, ProblemKind>;

export type Language = 'en' | 'es' | 'pt';
export type ProblemCode = keyof typeof PROBLEMS;

export interface ProblemKind {
  status: number;
  title: Record<Language, string>;
}

/** One faulty field: where it is (RFC 6901 pointer into body, `/query/…`, `/path/…` or `/headers/…`), and why. */
export interface FieldFault {
  pointer: string;
  code: string;
  message: string;
}

/** Facts that travel with a problem: `errors` for faulty fields, others as api.md names them. */
export interface ProblemFacts {
  errors?: FieldFault[];
  [name: string]: unknown;
}

/** A refusal. `detail` is shown to the client: say what to do about it, never anything internal. */
export class AppError extends Error {
  readonly code: ProblemCode;
  readonly status: number;
  readonly facts: ProblemFacts;
  readonly headers: Record<string, string>;

  constructor(
    code: ProblemCode,
    detail: string,
    facts: ProblemFacts = {},
    headers: Record<string, string> = {},
  ) {
    super(detail);
    this.name = 'AppError';
    this.code = code;
    this.status = PROBLEMS[code].status;
    this.facts = facts;
    this.headers = headers;
  }
}

/** The refusal for one faulty field that only a service can see (a country without that state, say). */
export function fieldError(pointer: string, message: string, code = 'invalid'): AppError {
  return new AppError('validation_failed', message, { errors: [{ pointer, code, message }] });
}

/** `notFound('Cart')`: what belongs to somebody else is not found either, in the same words. */
export function notFound(what: string): AppError {
  return new AppError('not_found', `${what} not found.`);
}

/** The refusal of a use that needs one of these scopes, where only the service can tell (RFC 6750 section 3.1). */
export function insufficientScope(...scopes: string[]): AppError {
  return new AppError(
    'insufficient_scope',
    `The access token needs the scope ${scopes.join(' or ')}.`,
    { scopes },
    {
      'www-authenticate': `Bearer realm="ticketing", error="insufficient_scope", scope="${scopes.join(' ')}"`,
    },
  );
}

function problem(status: number, en: string, es: string, pt: string): ProblemKind {
  return { status, title: { en, es, pt } };
}
