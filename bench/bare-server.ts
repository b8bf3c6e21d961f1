import Fastify from 'fastify';

// The yardstick for reads: a Fastify with one route that sends bytes it was given, and nothing else.
const app = Fastify();
let bytes = Buffer.from('{}');
app.get('/bytes', (_request, reply) => {
  reply.header('content-type', 'application/json; charset=utf-8').send(bytes);
});
app.get('/not-modified', (_request, reply) => {
  reply.code(304).send();
});
await app.listen({ host: '127.0.0.1', port: 0 });
const { port } = app.server.address() as { port: number };
process.on('message', (body: string) => {
  bytes = Buffer.from(body);
  process.send?.({ took: bytes.length });
});
process.send?.({ port });
