import type { ProblemCode } from '../../errors.ts';

/** What each problem means and what to do about it, for the developer who opens the address in its `type`. */
export const EXPLANATIONS: Record<ProblemCode, string> = {
  invalid_request:
    'The request cannot be read: the body is not JSON, or a header or the address is malformed.',
  invalid_interface: 'X-Interface must be the id of an interface: a positive whole number.',
  unauthorized:
    'The route needs an access token. Get one from POST /auth/token and send it as a Bearer token.',
  invalid_token:
    'The access token has expired, was revoked, or was not issued by this server. Get a new one from POST /auth/token.',
  invalid_signature: 'The signature of the message does not fit its content. Check the secret that signs it.',
  payment_declined:
    'The payment was refused. The cart stays open: pay with another method before it expires.',
  insufficient_scope: 'The token lacks the scope that the route needs. Ask for it when you get the token.',
  interface_not_allowed:
    'The interface is unknown, inactive or not granted to your client. `interface_ids` lists yours.',
  user_required: 'This belongs to a user: use a token of the password grant.',
  wrong_password: 'The present password is not the one that was sent.',
  not_found:
    'Nothing is there for you: it never existed, was deleted, or belongs to another interface or another user.',
  method_not_allowed: 'The address exists for other methods only; the Allow header names them.',
  not_acceptable: 'The answer exists in none of the formats that the Accept header asks for.',
  request_timeout: 'The request did not arrive in time. Send it again.',
  conflict: 'The state of the object does not allow the change. Read it again to see what does.',
  seats_unavailable:
    'Some of the seats are held or sold. `unavailable_seat_ids` names them; none of the others was taken either.',
  sold_out: 'Fewer places are left than you asked for; `available` says how many.',
  not_on_sale:
    'It is not sold now, or not through this interface. The sales window of the event says when it is.',
  queue_required:
    'The event is sold behind a gate: take a place with POST /events/:event_id/queue and wait until it is admitted. `reason` says what is missing; a token without a user names its place in `queue_place_ids`.',
  cart_expired: 'The time to pay ran out and what the cart held was given back. Open a new cart.',
  cart_not_open: 'Only an open cart can be changed. This one is being paid, was paid, or was cancelled.',
  cart_empty: 'The cart holds nothing to pay for.',
  limit_exceeded: 'More than one cart, user or sale may have. The problem names the limit.',
  orphan_seat:
    'The choice would leave a single free seat between taken ones although there is another way. `orphan_seat_ids` names it, `alternatives` shows what may be chosen.',
  companion_seat:
    "A companion's seat is sold with the accessible seat beside it, in the same request or by a cart that has it. `accessible_seat_ids` names what is missing.",
  code_not_applicable: 'The code does not apply to this cart; `detail` says why.',
  amount_mismatch: 'The amount is not what is to be paid. Read the cart again and pay its total.',
  refund_exceeds_paid: 'No more can be refunded than was paid and not refunded yet.',
  holder_locked: 'The event no longer allows the holder of this ticket to change.',
  email_taken: 'A user with this e-mail address exists already.',
  idempotency_in_progress:
    'A request with the same Idempotency-Key is still being worked on. Send it again a moment later to get its answer.',
  precondition_failed:
    'The object changed after you read it. Read it again, then repeat the change with the new ETag.',
  payload_too_large: 'The body is larger than the route accepts.',
  uri_too_long: 'The address is longer than this server reads.',
  unsupported_media_type: 'The route does not take a body of this type. Send JSON, without Content-Encoding.',
  validation_failed: 'Some fields are missing or not valid. `errors` names every one of them and says why.',
  unknown_field:
    'The request has fields that the route does not know; perhaps a typing error. `errors` names them.',
  idempotency_key_reused:
    'The Idempotency-Key was used for another request. Make a new key for each new request.',
  rate_limited: 'Too many requests. Retry-After says in how many seconds one is allowed again.',
  headers_too_large: 'The headers of the request are larger than this server reads.',
  internal_error: 'Something went wrong on our side. Tell us the `request_id` if it happens again.',
  not_implemented:
    'This deployment has not been set up for it. `detail` says which settings its operator must make.',
  service_unavailable:
    'The server is busy or a part of it is away. Try again after the seconds in Retry-After.',
};
