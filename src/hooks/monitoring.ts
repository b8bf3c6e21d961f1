import type { FastifyRequest } from 'fastify';

const OPERATIONS = new Set<string | undefined>(['getLiveness', 'getReadiness', 'getMetrics']);

/** Is it a request of those who watch the server? They must be answered when nobody else is. */
export const isMonitoring = (request: FastifyRequest): boolean => OPERATIONS.has(request.declared.operation);
