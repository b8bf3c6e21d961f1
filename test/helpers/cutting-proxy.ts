import net from 'node:net';

export interface CuttingProxy {
  /** The database, by way of the proxy. */
  url: string;
  /** Lets the next COMMIT through to the server, and then breaks its connection instead of bringing the answer. */
  cutNextCommit(): void;
  close(): Promise<void>;
}

/** The network between a server process and its PostgreSQL, at its worst moment. */
export async function cuttingProxy(databaseUrl: string): Promise<CuttingProxy> {
  const target = new URL(databaseUrl);
  let armed = false;
  const proxy = net.createServer((client) => {
    let cut = false;
    const server = net.connect(Number(target.port), target.hostname);
    for (const socket of [client, server])
      socket
        .on('error', () => {})
        .on('close', () => {
          client.destroy();
          server.destroy();
        });
    client.on('data', (data) => {
      if (armed && data.includes('COMMIT')) {
        armed = false;
        cut = true;
      }
      server.write(data);
    });
    server.on('data', (data) => {
      if (cut) client.destroy();
      else client.write(data);
    });
  });
  await new Promise<void>((listening) => proxy.listen(0, '127.0.0.1', listening));
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String((proxy.address() as net.AddressInfo).port);
  return {
    url: url.href,
    cutNextCommit() {
      armed = true;
    },
    close: () => new Promise((closed) => proxy.close(() => closed())),
  };
}
