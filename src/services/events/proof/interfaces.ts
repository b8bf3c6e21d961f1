import type { BlockRow } from './rows.ts';
import { type SectionView, type StockView, sumOf, type Taken, takenBy } from './shares.ts';

/**
 * What each interface has taken of the places, may still take, and may not. It takes from its own allotments, and from
 * what is free for all unless one of these is all that it may sell of a section.
 * @param blocks null: of another time
 */
export function interfaceShares(
  interfaces: readonly { id: number; name: string; sells: boolean }[],
  {
    sections,
    taken,
    blocks,
    at,
  }: {
    sections: readonly SectionView[];
    taken: readonly Taken[];
    blocks: readonly BlockRow[] | null;
    at: Date;
  },
): StockView['interfaces'] {
  return interfaces.flatMap(({ id, name, sells }): StockView['interfaces'] => {
    const mine = taken.filter((row) => row.interface_id === id);
    if (!sells && !mine.length) return [];
    const { held, ...given } = takenBy(mine.filter((row) => row.product_id === null));
    const known = { interface_id: id, name, ...given };
    if (!blocks)
      return [{ ...known, capacity: null, available: null, held: null, blocked: null, allotted: null }];
    const own = blocks.filter((block) => sells && isOwn(block, id, at));
    const shares = sections.map((section) => shareOf(section, own, sells));
    const available = sumOf(shares, (share) => share.available);
    const blocked = sumOf(shares, (share) => share.blocked);
    return [
      {
        ...{ ...known, held, available, blocked },
        allotted: sumOf(shares, (share) => share.allotted),
        capacity: available + blocked + held + given.sold + given.courtesy,
      },
    ];
  });
}

/** What is kept for a code is for whoever has it; a block whose time has come is for nobody. */
const isOwn = (block: BlockRow, interface_id: number, at: Date): boolean =>
  block.kind === 'allotment' &&
  block.interface_id === interface_id &&
  block.code_id === null &&
  !(block.release_at && block.release_at <= at);

function shareOf(section: SectionView, blocks: readonly BlockRow[], sells: boolean) {
  const own = blocks.filter((block) => block.section_id === section.section_id);
  const allotted = sumOf(own, (block) => block.left);
  const free = section.available ?? 0;
  const open = sells && own.every((block) => block.overflow);
  return {
    allotted,
    available: allotted + (open ? free : 0),
    blocked: (section.blocked ?? 0) - allotted + (open ? 0 : free),
  };
}
