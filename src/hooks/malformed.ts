import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { AppError, PROBLEMS } from '../errors.ts';
import type { System } from '../system.ts';
import { letIn } from './cors.ts';
import { refusalOf, sendProblem } from './problem.ts';
import { requestIdOf } from './request-id.ts';

/** Refuses what the router cannot read (an address that does not decode). No hook has run, so their headers come here. */
export function malformedAddress(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  reply.header('x-request-id', request.id);
  const channel = request.server.system.auth.latest.default_interface;
  if (channel) {
    reply.header('x-interface', channel.id).header('vary', 'origin');
    if (request.headers.origin !== undefined) letIn(request.headers.origin, channel, reply);
  }
  sendProblem(request, reply, refusalOf(error, request));
}

const REFUSALS: Record<string, AppError> = {
  HPE_HEADER_OVERFLOW: new AppError('headers_too_large', 'The headers are larger than this server reads.'),
  ERR_HTTP_REQUEST_TIMEOUT: new AppError('request_timeout', 'The request did not arrive in time.'),
};
const UNREADABLE = new AppError('invalid_request', 'This is not HTTP as this server reads it.');

/** Refuses what is not HTTP: there is no request yet, only a socket. */
export function malformedHttp(system: System): (error: NodeJS.ErrnoException, socket: Socket) => void {
  return (error, socket) => {
    if (error.code === 'ECONNRESET' || socket.destroyed) return;
    if (socket.writable) socket.end(messageOf(REFUSALS[error.code ?? ''] ?? UNREADABLE, system));
    else socket.destroy();
  };
}

function messageOf({ code, status, message: detail }: AppError, { publicUrl, auth }: System): string {
  const request_id = requestIdOf({ headers: {} });
  const type = `${publicUrl}/problems/${code}`;
  const body = JSON.stringify({ type, title: PROBLEMS[code].title.en, status, detail, code, request_id });
  const channel = auth.latest.default_interface;
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/problem+json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${request_id}`,
    ...(channel ? [`x-interface: ${channel.id}`] : []),
    'connection: close',
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}
