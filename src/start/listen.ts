import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Config } from '../config.ts';
import { reasonOf, StartError } from './start-error.ts';

/**
 * Listens where the settings say, and tells the system where clients reach it.
 * @throws StartError when the port is taken or the address is not ours
 */
export async function listen(app: FastifyInstance, { HOST, PORT, PUBLIC_URL }: Config): Promise<void> {
  try {
    await app.listen({ host: HOST, port: PORT });
  } catch (error) {
    throw new StartError(faultOf(error as NodeJS.ErrnoException, HOST, PORT));
  }
  if (PUBLIC_URL) return;
  const { port } = app.server.address() as AddressInfo;
  app.system.publicUrl = `http://${nameOf(HOST)}:${port}`;
}

function faultOf(error: NodeJS.ErrnoException, host: string, port: number): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `Port ${port} is in use on ${host}: stop what listens there, or set PORT to another one`;
    case 'EACCES':
      return `Port ${port} needs more rights than this user has: set PORT to another one`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `HOST=${host} is no address of this machine`;
    default:
      return `Cannot listen on ${host}:${port}: ${reasonOf(error)}`;
  }
}

/** An address that a browser on this machine can open. */
function nameOf(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}
