import type { CODES } from './sales-world.ts';

/** General admission: floor (20 places) and balcony (5), shared by every type. */
export interface Festival {
  event_id: number;
  floor: number;
  balcony: number;
  /** 50.00, fee 1.00 and 5 %, 21 % of tax inside, at most 8 a cart; `phase` below runs for `early` only. */
  adult: number;
  /** 25.00, of which there are 3; at most 5 a cart. */
  child: number;
  /** 10.00, hidden until SECRET is applied. */
  hidden: number;
  /** 40.00, at most 2 a person. */
  limited: number;
  /** 30.00, at least 2 and at most 4 a cart. */
  pair: number;
  /** 60.00; 45.00 while the phase `early bird` runs, which ends in a day. */
  early: number;
  /** On sale from tomorrow. */
  later: number;
  /** Floor only, tax of 10 % on top. */
  pit: number;
  /** 15.00, of which there are 4; at most 3 a cart. */
  shirt: number;
  /** 8.00 and no limit. */
  parking: number;
  /** By name: see CODES. */
  codes: Record<keyof typeof CODES, number>;
}

/** Seated: rows A to E of 10 seats, row F of 10 whose 9th is accessible and the 10th its companion. */
export interface Theatre {
  event_id: number;
  map_id: number;
  stalls: number;
  /** Row F. */
  boxes: number;
  /** 80.00; both sections; at most 10 a cart. */
  stall: number;
  /** 90.00; boxes only. */
  box: number;
  /** Seat ids by label: A1 … F10. */
  seats: Record<string, number>;
  programme: number;
}
