/** Is a type one of those asked for, by its name or by its family (`cart.*`)? SQL over two expressions. */
export const ofTypes = (type: string, asked: string): string =>
  `EXISTS (SELECT FROM unnest(${asked}) AS p WHERE ${type} = p
     OR (right(p, 2) = '.*' AND starts_with(${type}, left(p, -1))))`;
