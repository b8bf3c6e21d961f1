import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { AppError } from '../errors.ts';

interface CsvFields {
  fields: readonly string[];
  numbers: readonly string[];
  flags?: readonly string[];
}

/**
 * Lets the routes of a plugin take text/csv: it becomes the field `csv` of the body, beside what the query says of it.
 * JSON with the same fields stays the other way to send it.
 * @param fields the query's parameters that belong into the body; those in `numbers` as numbers, in `flags` as true and false
 */
export function csvBodies(app: FastifyInstance, { fields, numbers, flags = [] }: CsvFields): void {
  app.addContentTypeParser('text/csv', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    if (!isUtf8(body)) return done(new AppError('invalid_request', 'The body is not UTF-8.'));
    const query = request.query as Record<string, unknown>;
    const given = fields.filter((field) => query[field] !== undefined);
    const read = (field: string) => {
      const text = query[field];
      if (numbers.includes(field)) return Number(text);
      return flags.includes(field) && (text === 'true' || text === 'false') ? text === 'true' : text;
    };
    const values = given.map((field) => [field, read(field)]);
    done(null, { ...Object.fromEntries(values), csv: body.toString() });
  });
}
