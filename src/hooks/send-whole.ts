import { ServerResponse, STATUS_CODES } from 'node:http';
import type { FastifyReply } from 'fastify';
import { commonLines } from './common-headers.ts';

/** A response whose head is written by hand: what Node itself sets in `writeHead`. */
type Writable = ServerResponse & { _header: string | null };

/**
 * Sends an answer whole: head and body at once, past Fastify. Node checks, joins and frames every header of every
 * answer, which costs a published read as much as all hooks together; here they are known to be fit to send. What Node
 * frames differently (connections that are to close, HTTP/1.0) is left to Node, and so is a response that is not its own.
 * @param fixed lines that belong to what is sent, each ended by CRLF, Content-Length among them unless it is a 304
 */
export function sendWhole(
  reply: FastifyReply,
  { status, fixed, body }: { status: number; fixed: string; body?: Buffer | string | undefined },
): void {
  const { server, raw } = reply;
  const response = raw as Writable;
  reply.hijack();
  let lines = fixed + commonLines(reply.request);
  const given = reply.getHeaders(); // CORS, codings
  for (const name in given) lines += `${name}: ${given[name]}\r\n`;
  if (Object.getPrototypeOf(raw) === ServerResponse.prototype && raw.shouldKeepAlive && !server.closing) {
    response.statusCode = status;
    response._header = `${statusLine(status)}${lines}${connectionLines(server.server.keepAliveTimeout)}`;
  } else {
    if (server.closing) lines += 'connection: close\r\n';
    raw.writeHead(status, headersOf(lines) as string[]);
  }
  raw.end(body);
}

const statusLine = (status: number): string => `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`;

/** Names and values in turn, as writeHead takes them. */
const headersOf = (lines: string): string[] =>
  lines
    .split('\r\n')
    .slice(0, -1)
    .flatMap((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 2)];
    });

let second = 0;
let written = '';

/** Date and the keeping of the connection, as Node writes them; made anew once a second. */
function connectionLines(keepAliveMs: number): string {
  const now = Date.now();
  if (now - second >= 1_000 || now < second) {
    second = now - (now % 1_000);
    const date = new Date(second).toUTCString();
    written = `date: ${date}\r\nconnection: keep-alive\r\nkeep-alive: timeout=${Math.floor(keepAliveMs / 1_000)}\r\n\r\n`;
  }
  return written;
}
