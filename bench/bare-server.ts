import Fastify from 'fastify';

// The yardstick for reads: a Fastify whose one route sends the bytes it was given, the same head and body each time, and
// does nothing else: it looks at no token, counts nothing, chooses nothing.
const app = Fastify();
let headers: Record<string, string> = {};
let bytes = Buffer.from('{}');
app.get('/bytes', (_request, reply) => {
  reply.headers(headers).send(bytes);
});
app.get('/not-modified', (_request, reply) => {
  reply.code(304).headers(headers).removeHeader('content-type').send();
});
await app.listen({ host: '127.0.0.1', port: 0 });
const { port } = app.server.address() as { port: number };
process.on('message', (message: string) => {
  const answer = JSON.parse(message) as { headers: typeof headers; body: string };
  headers = answer.headers;
  bytes = Buffer.from(answer.body);
  process.send?.({ took: bytes.length });
});
process.send?.({ port });
