import { type Breaches, oneOf } from './sql.ts';

/** Waiting lists. */
export const WAITLIST_BREACHES: Breaches = {
  offer_has_its_cart: [
    [oneOf('waitlist_entry', "status = 'offered'", 'cart_id = gen_random_uuid()')],
    [oneOf('waitlist_entry', "status = 'offered'", 'interface_id = interface_id + 1')],
  ],
  fulfilled_entry_was_paid: [
    [oneOf('waitlist_entry', "status = 'fulfilled'", 'cart_id = gen_random_uuid()')],
  ],
  waitlist_entry_is_explained: [
    [`DELETE FROM waitlist_log WHERE what = 'joined'`],
    [`DELETE FROM waitlist_log WHERE what = 'fulfilled'`],
  ],
};
