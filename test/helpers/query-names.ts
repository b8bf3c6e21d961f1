import type { z } from 'zod';
import type { RouteConfig } from '../../src/routing/route.ts';

/** The query parameters that a route knows. */
export const queryNames = ({ validate }: RouteConfig): string[] =>
  Object.keys((validate.query as z.ZodObject).shape);

/** Must a request of the route have a query? */
export const needsQuery = (config: RouteConfig | undefined): boolean =>
  config?.validate.query.safeParse({}).success === false;
