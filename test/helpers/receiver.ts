import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook as Verifier } from 'standardwebhooks';

export interface Received {
  id: string;
  type: string;
  sequence: number;
  headers: http.IncomingHttpHeaders;
  text: string;
}

/** A receiver of webhooks on loopback, that answers what it is told to and keeps what it took. */
export interface Receiver {
  url: string;
  /** What was taken, in the order of arrival. */
  received: Received[];
  /** How often it was called. */
  calls: number;
  /** The most calls that were open at the same time. */
  most: number;
  answer: (response: http.ServerResponse) => void;
  /** Stops listening, as a server that is down. */
  down(): Promise<void>;
  /** Listens again, at the same address. */
  up(): Promise<void>;
}

export const ok = (response: http.ServerResponse): void => {
  response.writeHead(204).end();
};

export async function receiver(): Promise<Receiver> {
  let open = 0;
  const server = http.createServer(async (request, response) => {
    self.calls++;
    self.most = Math.max(self.most, ++open);
    response.once('close', () => open--);
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    const text = Buffer.concat(parts).toString();
    response.once('finish', () => {
      if (response.statusCode < 300)
        self.received.push({ ...JSON.parse(text), headers: request.headers, text });
    });
    self.answer(response);
  });
  const listen = (port: number) =>
    new Promise<void>((resolve) => {
      server.listen(port, '127.0.0.1', resolve);
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const self: Receiver = {
    ...{ url: `http://127.0.0.1:${port}/hooks`, received: [], calls: 0, most: 0, answer: ok },
    down: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
    up: () => listen(port),
  };
  return self;
}

/** Verifies a message as a receiver would, by the library of Standard Webhooks. */
export const verify = (secret: string, { text, headers }: Received): unknown =>
  new Verifier(secret).verify(text, headers as Record<string, string>);
