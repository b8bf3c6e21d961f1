import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { ForbiddenAddress, hostOf, isPublicAddress, publicLookup } from './address.ts';

/** Of an answer only the status matters; this much of its body is read, so that the connection ends well. */
const MAX_ANSWER = 65_536;

export interface Posted {
  status: number;
  /** Seconds that the receiver asks us to wait (Retry-After). */
  retry_after?: number;
}

export interface PostOptions {
  headers: Record<string, string>;
  /** Whether addresses outside the public internet may be called. */
  allowPrivate: boolean;
  /** Milliseconds for connection, answer and body together. */
  timeout: number;
}

/**
 * Posts JSON to an address that a user named. Redirects are not followed.
 * @returns what was answered, whatever the status
 * @throws ForbiddenAddress; Error when there is no answer in time
 */
export async function post(
  address: string,
  body: string,
  { headers, allowPrivate, timeout }: PostOptions,
): Promise<Posted> {
  const url = new URL(address);
  const host = hostOf(url);
  if (!allowPrivate && net.isIP(host) && !isPublicAddress(host)) throw new ForbiddenAddress(host);
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? https : http).request(url, {
      method: 'POST',
      agent: false, // one connection a call: a receiver that comes back behind another address is found
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'content-length': Buffer.byteLength(body),
        ...headers,
      },
      ...(!allowPrivate && { lookup: publicLookup }),
    });
    const timer = setTimeout(() => request.destroy(new Error(`no answer in ${timeout / 1_000} s`)), timeout);
    const settle = (end: () => void) => {
      clearTimeout(timer);
      end();
      request.destroy();
    };
    request.once('error', (error) => settle(() => reject(error)));
    request.once('response', (response) => {
      let read = 0;
      response.on('data', (bytes: Buffer) => {
        read += bytes.length;
        if (read > MAX_ANSWER) settle(() => resolve(postedOf(response)));
      });
      response.once('end', () => settle(() => resolve(postedOf(response))));
      response.once('error', (error) => settle(() => reject(error)));
    });
    request.end(body);
  });
}

function postedOf({ statusCode = 0, headers }: http.IncomingMessage): Posted {
  const seconds = Number(headers['retry-after']);
  return { status: statusCode, ...(Number.isFinite(seconds) && seconds > 0 && { retry_after: seconds }) };
}
