import type { Context } from '../../context.ts';
import type { Tx } from '../../db/transaction.ts';
import { priceCart } from '../pricing/price.ts';
import type { CartPrice } from '../pricing/types.ts';
import { applicable, priceable } from './judge.ts';
import { type CartCodeRow, codesOf, type LineRow, linesOf } from './row.ts';
import { writePrices } from './write.ts';

/** The live lines and codes of a cart under its lock, and the price they make together. */
export interface Priced {
  lines: LineRow[];
  codes: CartCodeRow[];
  price: CartPrice;
}

/**
 * Prices an open cart anew from what its lines locked and the codes it has, and writes it. The catalogue is not asked:
 * a held line keeps its price until it expires. Runs under the cart's lock.
 */
export async function reprice(tx: Tx, ctx: Context, cart_id: string): Promise<Priced> {
  const lines = (await linesOf(tx, ctx.company_id, [cart_id])).filter((line) => line.status === 'held');
  const codes = await codesOf(tx, ctx.company_id, [cart_id]);
  const price = priceCart(lines.map(priceable), applicable(codes, lines));
  const priced = lines.map((line, i) => ({ ...line, ...price.lines[i] }));
  await writePrices(tx, ctx.company_id, cart_id, priced, price.totals);
  return { lines: priced, codes, price };
}
