/** Looks whether an event is sold out, or no longer, and tells it. */
export const TELL_SOLD_OUT_TASK = 'tell_sold_out';
